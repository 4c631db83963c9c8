/** service, invoke-rc.d and update-rc.d as recorded, and chkconfig as Red Hat's page has it. */

import assert from "node:assert/strict";
import { readServiceCases, ROOTS_POSSIBLE, ServiceRoot } from "./service_player.ts";

const recorded = readServiceCases();

/** Cases in which the error output is another, and why. */
const OTHER_WORDS: Readonly<Record<string, string>> = {
  "tools/invoke-policy-not-executable":
    "the shell that the original is run by tells of a program that is missing",
  "tools/update-required-missing":
    "all that is missing is told of, also for a script that was enabled before",
};

Deno.test("every recorded case is there", () => assert.equal(recorded.length, 41));

for (const { id, about, steps, ...facts } of recorded) {
  Deno.test({
    name: `${id}: ${about}`,
    ignore: !ROOTS_POSSIBLE,
    async fn() {
      using root = new ServiceRoot(facts);
      for (const step of steps) await root.play(step, id in OTHER_WORDS);
    },
  });
}

const RED_HAT = {
  scripts: {
    web: { text: "#!/bin/sh\n# chkconfig: 2345 85 15\n# description: Serves\n" },
    off: { text: "#!/bin/sh\n# chkconfig: - 20 80\n" },
    lsb: { provides: "lsb", required_start: ["web"], default_start: ["3", "5"], default_stop: ["0"] },
    plain: { no_header: "true" },
  },
};

/** A line of `chkconfig --list`: the levels in which a service is on. */
function listed(name: string, on: string): string {
  return name.padEnd(15) +
    [..."0123456"].map((level) => `\t${level}:${on.includes(level) ? "on" : "off"}`).join("") + "\n";
}

Deno.test({
  name: "chkconfig adds, lists, changes and removes services by the line of their scripts",
  ignore: !ROOTS_POSSIBLE,
  async fn() {
    using root = new ServiceRoot(RED_HAT);
    const chkconfig = (...words: string[]) => root.run(["chkconfig", ...words]);
    const good = async (...words: string[]) => {
      const { exit, stdout, stderr } = await chkconfig(...words);
      assert.deepEqual([exit, stderr], [0, ""], words.join(" "));
      return stdout;
    };
    const unlisted = await chkconfig("--list", "web");
    assert.deepEqual([unlisted.exit, unlisted.stdout], [1, ""]);
    assert.match(unlisted.stderr, /not referenced in any runlevel \(run 'chkconfig --add web'\)/);
    await good("--add", "web");
    assert.equal(await good("--list", "web"), listed("web", "2345"));
    assert.deepEqual(root.links()["2"], ["S85web"]);
    assert.deepEqual(root.links()["6"], ["K15web"]);
    await good("--level", "35", "web", "off");
    assert.deepEqual(root.links()["3"], ["K15web"]);
    await good("off", "on");
    await good("--add", "lsb");
    assert.deepEqual(root.links()["5"], ["K15web", "S20off", "S86lsb"]);
    assert.equal(await good(), listed("lsb", "35") + listed("off", "2345") + listed("web", "24"));
    await good("off", "reset");
    assert.equal(await good("--list", "off"), listed("off", ""));
    await good("--del", "off");
    assert.deepEqual(Object.values(root.links()).flat().filter((name) => name.endsWith("off")), []);
    root.record("N2");
    assert.equal((await chkconfig("web")).exit, 0);
    assert.equal((await chkconfig("--level", "3", "web")).exit, 1);
    assert.match((await chkconfig("--add", "plain")).stderr, /service plain does not support chkconfig/);
    assert.match((await chkconfig("../init.d/web", "on")).stderr, /No such file or directory/);
    assert.equal((await chkconfig("--level", "9", "web", "on")).exit, 1);
  },
});

const ORDERED = {
  files: { "etc/insserv.conf": "" },
  scripts: {
    bus: { provides: "bus", required_start: [], default_start: ["2", "3", "4", "5"], default_stop: [] },
    user: { provides: "user", required_start: ["bus"], default_start: ["2"], default_stop: ["0"] },
  },
};

Deno.test({
  name: "beside insserv, chkconfig goes by Default-Stop, and tells once what is missing when all is done",
  ignore: !ROOTS_POSSIBLE,
  async fn() {
    using root = new ServiceRoot(ORDERED);
    const chkconfig = (...words: string[]) => root.run(["chkconfig", ...words]);
    assert.deepEqual(await chkconfig("bus", "on"), { exit: 0, stdout: "", stderr: "" });
    assert.equal((await chkconfig("--add", "user")).stderr, "");
    const enabled = root.links();
    assert.deepEqual([enabled["0"], enabled["2"], enabled["3"]], [["K01user"], ["S01bus", "S02user"], [
      "S01bus",
    ]]);
    const off = await chkconfig("bus", "off");
    assert.equal(off.exit, 0);
    assert.match(
      off.stderr,
      /^insserv: FATAL: service bus is missed in the runlevels 2 to use service user\n$/,
    );
    const { "0": halt, "1": single, "6": restart, ...others } = root.links();
    assert.deepEqual([halt, single, restart], [["K01user"], undefined, undefined]);
    assert.deepEqual(others["3"], ["K01bus"]);
    assert.deepEqual(await chkconfig("bus", "on"), { exit: 0, stdout: "", stderr: "" });
    assert.deepEqual(root.links(), enabled);
  },
});

Deno.test({
  name: "names that are paths, options or more than a line are no scripts",
  ignore: !ROOTS_POSSIBLE,
  async fn() {
    using root = new ServiceRoot(RED_HAT);
    root.put("etc/evil", "#!/bin/sh\necho evil\n", "755");
    for (const name of ["../evil", "/etc/evil", "web\n", "web,start=2", "..", "."]) {
      assert.equal((await root.run(["update-rc.d", name, "defaults"])).exit, 1, name);
      const { exit, stdout } = await root.run(["service", name, "start"]);
      assert.deepEqual([exit, stdout], [1, ""], name);
    }
    assert.deepEqual(root.links(), {});
  },
});
