/** `rouse sysv order`, `explain` and `lint`, and what insserv does with files that nobody should trust. */

import assert from "node:assert/strict";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { TemporaryDirectory } from "../../lib/sys/testing/directory.ts";
import { run } from "../support/command.ts";
import { type RecordedCase, ScriptRoot } from "./player.ts";

const LEVELS = { default_start: ["2"], default_stop: ["0"], required_start: [], required_stop: [] };

const SCRIPTS: RecordedCase["scripts"] = {
  web: { ...LEVELS, provides: "web", required_start: ["$mail", "db"], required_stop: ["db"] },
  db: { ...LEVELS, provides: ["db", "store"] },
  exim4: { ...LEVELS, provides: "exim4", should_start: ["store"] },
};

const FILES = { "etc/insserv.conf": "$mail +exim4\n" };

async function withRoot(
  scripts: RecordedCase["scripts"],
  test: (root: ScriptRoot) => Promise<void>,
): Promise<void> {
  using directory = new TemporaryDirectory();
  await test(new ScriptRoot(directory.path, { files: FILES, scripts }));
}

Deno.test("order prints the scripts that have links, or all, and links and arrows when asked", () =>
  withRoot(SCRIPTS, async (root) => {
    const head = "START IN      STOP IN     SCRIPT\n";
    assert.deepEqual(await root.rouse("order", ...root.options), { exit: 0, stdout: head, stderr: "" });
    assert.deepEqual(await root.rouse("order", "-a", ...root.options), {
      exit: 0,
      stdout: head +
        "S01   2       K02  0      db\nS02   2       K01  0      exim4\nS03   2       K01  0      web\n",
      stderr: "",
    });
    const links = await root.rouse("order", "--links", ...root.options, "db", "exim4");
    assert.deepEqual(links, {
      exit: 0,
      stdout: "rc0.d/K02db\nrc0.d/K01exim4\nrc2.d/S01db\nrc2.d/S02exim4\n",
      stderr: "",
    });
    assert.deepEqual(root.links(), {});
    const dot = await root.rouse("order", "-a", "--dot", ...root.options);
    const arrows = dot.stdout.split("\n").slice(2, -2).sort();
    assert.deepEqual(arrows, [
      '  "db" -> "exim4"',
      '  "db" -> "web"',
      '  "exim4" -> "web"',
      '  "web" -> "db" [style=dashed]',
    ]);
  }));

Deno.test("explain names the headers of the chain, with file and line", () =>
  withRoot(SCRIPTS, async (root) => {
    const chain = "start:\n" +
      "  /etc/init.d/web:4: Required-Start $mail: web waits for exim4\n" +
      "  /etc/init.d/exim4:6: Should-Start store: exim4 waits for db\n";
    const direct = "start:\n  /etc/init.d/web:4: Required-Start db: web waits for db\n" +
      "stop:\n  /etc/init.d/web:5: Required-Stop db: db waits for web\n";
    const options = root.options;
    assert.equal((await root.rouse("explain", ...options, "web", "store")).stdout, direct);
    assert.equal((await root.rouse("explain", ...options, "db", "web")).stdout, direct);
    assert.match(
      (await root.rouse("explain", ...options, "web")).stdout,
      /web waits for exim4\n.*web waits for db\nstop:\n {2}waits/,
    );
    writeFileSync(join(root.path, "etc/init.d/web"), scriptWithout("db"));
    assert.equal((await root.rouse("explain", ...options, "web", "db")).stdout, chain);
    const unknown = await root.rouse("explain", ...options, "nothing");
    assert.deepEqual([unknown.exit, unknown.stdout], [1, ""]);
    assert.match(
      unknown.stderr,
      /^rouse: Unable to explain nothing: no script in \/etc\/init\.d has or provides/,
    );
  }));

function scriptWithout(name: string): string {
  const header =
    `#!/bin/sh\n### BEGIN INIT INFO\n# Provides: web\n# Required-Start: $mail ${name}\n# Required-Stop:\n` +
    "# Default-Start: 2\n# Default-Stop: 0\n### END INIT INFO\n";
  return header.replace(` ${name}\n`, "\n");
}

Deno.test("a script that is broken does not keep the tools from the others", () =>
  withRoot(
    { ...SCRIPTS, bad: { text: "#!/bin/sh\n### BEGIN INIT INFO\n# Provides: bad\n" } },
    async (root) => {
      const { exit, stdout, stderr } = await root.rouse("order", "-a", ...root.options);
      assert.equal(exit, 0);
      assert.match(stdout, /web\n/);
      assert.match(
        stderr,
        /^rouse: \/etc\/init\.d\/bad: script bad is broken: missing end of LSB comment\.\n/,
      );
      const refused = await root.insserv(["web"]);
      assert.deepEqual([refused.exit, root.links()], [1, {}]);
    },
  ));

Deno.test("circles are told of with each header, broken, and do not end order", () =>
  withRoot({
    a: { ...LEVELS, provides: "a", required_start: ["b"] },
    b: { ...LEVELS, provides: "b", should_start: ["a"] },
  }, async (root) => {
    const { exit, stdout, stderr } = await root.rouse("order", "-a", ...root.options);
    assert.equal(exit, 1);
    assert.match(stdout, /S01 .* b\nS02 .* a\n/);
    assert.match(
      stderr,
      /\/etc\/init\.d\/b:6: Should-Start a: b waits for a.*Broken here: b does not wait for a\n$/,
    );
    assert.equal((await root.insserv(["a", "b"])).exit, 1);
    assert.equal((await root.insserv(["-f", "a", "b"])).exit, 0);
    assert.deepEqual(root.links()["2"], ["S01b", "S02a"]);
  }));

Deno.test("lint checks all scripts or those named, and fails for what is no warning", () =>
  withRoot({ ...SCRIPTS, old: { no_header: "true" } }, async (root) => {
    const all = await root.rouse("lint", ...root.options);
    assert.match(all.stdout, /^\/etc\/init\.d\/old: no header/m);
    assert.equal(all.exit, 1);
    const one = await root.rouse("lint", ...root.options, join(root.path, "etc/init.d/web"));
    assert.deepEqual([one.exit, one.stderr], [0, ""]);
    assert.match(
      one.stdout,
      /^(?:\/etc\/init\.d\/web:7: warning: .*\n)*\/etc\/init\.d\/web:7: warning: Default-Stop: 0 1 6 are usual, 1 6 not there\n$/,
    );
  }));

Deno.test("insserv leaves links of others alone, and waits for nothing that is no file", () =>
  withRoot(SCRIPTS, async (root) => {
    const scripts = join(root.path, "etc/init.d"), level = join(root.path, "etc/rc2.d");
    symlinkSync("/etc/hosts", join(level, "S20hosts-of-mine"));
    writeFileSync(join(level, "README"), "");
    symlinkSync("nowhere", join(scripts, "gone"));
    mkdirSync(join(scripts, "directory"));
    symlinkSync("../init.d/huge", join(level, "S30huge"));
    symlinkSync("../init.d/vanished", join(level, "S40vanished"));
    writeFileSync(join(scripts, "huge"), "x".repeat((1 << 20) + 1), { mode: 0o755 });
    assert.equal(
      (await run(["mkfifo", join(scripts, "pipe")], {
        environment: { PATH: "/bin:/usr/bin" },
        directory: "/",
      })).exit,
      0,
    );
    const { exit, stderr } = await root.insserv(["db"]);
    assert.equal(exit, 0, stderr);
    assert.deepEqual(root.links()["2"], ["README", "S01db", "S20hosts-of-mine", "S30huge"]);
    assert.match(stderr, /^insserv: Could not read script huge: File is too large/m);
    const files = readdirSync(scripts).filter((name) => name.startsWith(".")).sort();
    assert.deepEqual(files, [".depend.boot", ".depend.start", ".depend.stop"]);
  }));

Deno.test("insserv fails where a link cannot be made, and makes the others", () =>
  withRoot(SCRIPTS, async (root) => {
    const level = join(root.path, "etc/rc2.d");
    rmSync(level, { recursive: true });
    writeFileSync(level, "");
    const { exit, stderr } = await root.insserv(["db"]);
    assert.equal(exit, 2);
    assert.match(stderr, /^insserv: can not symlink\(.*rc2\.d\/S01db\): Not a directory$/m);
    assert.deepEqual(readdirSync(join(root.path, "etc/rc0.d")), ["K02db"]);
  }));

Deno.test("insserv writes the files that startpar reads", () =>
  withRoot(
    { ...SCRIPTS, early: { ...LEVELS, provides: "early", default_start: ["S"], interactive: "true" } },
    async (root) => {
      assert.equal((await root.insserv(["db", "exim4", "web", "early"])).exit, 0);
      const read = (kind: string) => readFileSync(join(root.path, `etc/init.d/.depend.${kind}`), "utf8");
      assert.equal(read("boot"), "TARGETS = early\nINTERACTIVE =\n");
      assert.equal(read("start"), "TARGETS = db exim4 web\nINTERACTIVE =\nexim4: db\nweb: exim4 db\n");
      assert.match(read("stop"), /^TARGETS = (?:\w+ )*db\ndb: web\n$/);
    },
  ));

Deno.test("insserv -e enables what is required, -n and -s change nothing", () =>
  withRoot(SCRIPTS, async (root) => {
    const dry = await root.insserv(["-n", "db"]);
    assert.match(dry.stderr, /enable service \.\.\/init\.d\/db -> \/etc\/init\.d\/\.\.\/rc2\.d\/S01db\n/);
    assert.equal((await root.insserv(["-s", "db"])).stdout, "K:02:0:db\nS:01:2:db\n");
    assert.deepEqual(root.links(), {});
    assert(!existsSync(join(root.path, "etc/init.d/.depend.start")));
    assert.equal((await root.insserv(["web"])).exit, 1);
    assert.equal((await root.insserv(["-e", "web"])).exit, 0);
    assert.deepEqual(root.links()["2"], ["S01db", "S03web"]);
  }));

Deno.test("insserv and lint pass over what lies beside init scripts", () =>
  withRoot(
    {
      db: SCRIPTS.db!,
      rc: { text: "#!/bin/sh\n" },
      skeleton: { text: "#!/bin/sh\n" },
      README: { text: "Read.\n" },
    },
    async (root) => {
      assert.equal(
        (await root.rouse("insserv", ...root.options, "-n")).stderr.match(/rc'|README|skeleton/),
        null,
      );
      assert.doesNotMatch((await root.rouse("lint", ...root.options)).stdout, /\/(?:rc|README|skeleton):/);
    },
  ));

Deno.test("order has the numbers of chkconfig's line where there is no header", () =>
  withRoot({ sshd: { text: "#!/bin/sh\n# chkconfig: 35 55 25\n" } }, async (root) => {
    assert.match((await root.rouse("order", "-a", ...root.options)).stdout, /^S55 +35 +K25 +01246 +sshd$/m);
  }));

Deno.test("explain tells of a circle, and order breaks it where the links do", () => {
  const circle = (other: string) => ({ ...LEVELS, required_start: [other], required_stop: [other] });
  const scripts = {
    circb: { ...circle("circa"), provides: "circb" },
    circa: { ...circle("circb"), provides: "circa" },
  };
  return withRoot(scripts, async (root) => {
    const told = /^circle: .*Broken here: circa does not wait for circb$/m;
    assert.match((await root.rouse("explain", ...root.options, "circa")).stdout, told);
    const table = (await root.rouse("order", "-a", ...root.options)).stdout;
    assert.match(table, /^S01 .*K02 .* circa\nS02 .*K01 .* circb$/m);
    for (const names of [["circa", "circb"], ["circb", "circa"]]) {
      const links = await root.rouse("order", "--links", ...root.options, "-f", ...names);
      assert.match(links.stdout, /S01circa\n(?:.*\n)*.*S02circb|S02circb\n(?:.*\n)*.*S01circa/);
    }
  });
});
