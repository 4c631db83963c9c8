/** docs/upstart.md: its examples load without a complaint, and its transcripts are what a running init does. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { until } from "./support/deadline.ts";
import { RunningInit } from "./support/init.ts";
import { programs } from "./support/programs.ts";
import { transcripts } from "./support/transcript.ts";

const GUIDE = readFileSync(resolve(import.meta.dirname!, "../docs/upstart.md"), "utf8");
const COMPATIBILITY = readFileSync(resolve(import.meta.dirname!, "../docs/compatibility.md"), "utf8");
const JOBS = Object.fromEntries(
  Array.from(GUIDE.matchAll(/^```conf (\S+)\n([^]*?)^```$/gm), ([, name, text]) => [name!, text!]),
);

/** Jobs on their way up or down. */
const MOVING = / (?:start|stop)\/(?!running|waiting)/;

/** The guide's directory is the test's. */
const here = (text: string) => text.replaceAll("/srv/mill", "@DIR@");

Deno.test("the commands of the guide to Upstart's jobs do what it shows", async () => {
  assert.equal(GUIDE.match(/^```conf/gm)!.length, Object.keys(JOBS).length, "every example has a name");
  // These two would lead to a runlevel, and on.
  const { "levels.conf": _, "rc.conf": __, ...jobs } = JOBS;
  await using init = await RunningInit.start({
    jobs: {
      ...Object.fromEntries(Object.entries(jobs).map(([name, text]) => [name, here(text)])),
      "../bin/mill": "#!/bin/sh\nexec sleep 600\n",
    },
    environment: { PATH: `@DIR@/bin:${programs()}:/usr/bin:/bin` },
  });
  await init.shell("chmod +x @DIR@/bin/mill");
  for (const { command, told } of transcripts(GUIDE)) {
    const { exit, stdout, stderr } = await init.shell(here(command));
    const status = exit === 0 ? "" : `[${exit}]\n`;
    assert.equal((stdout + stderr).replaceAll(/process \d+/g, "process N") + status, told, command);
    // Who emits `rain` does not wait for what `started river` starts, but a reader who types the next command does.
    await until("all jobs are at rest", async () => !MOVING.test(await init.ask("list")));
  }
});

Deno.test("the guide tells of every state, stanza and command", async () => {
  await using init = await RunningInit.start();
  const commands = Array.from((await init.ask("help")).matchAll(/^ {2}([a-z-]+)/gm), ([, name]) => name!);
  const exotic = [
    "reset-env",
    "notify-disk-writeable",
    "notify-dbus-address",
    "notify-cgroup-manager-address",
  ];
  const states = "starting pre-start spawned post-start running pre-stop stopping killed post-stop waiting";
  const first = [...COMPATIBILITY.matchAll(/^\| (`.*?) {2,}\|/gm)].flatMap(([, cell]) =>
    Array.from(cell!.matchAll(/`([a-z-]+)/g), ([, word]) => word!)
  );
  const stanzas = first.slice(0, first.indexOf("apparmor") + 1);
  assert(stanzas.length > 30, stanzas.join(" "));
  const named = new Set(Array.from(GUIDE.matchAll(/[a-z][a-z-]+/g), ([word]) => word));
  const wanted = [...commands.filter((name) => !exotic.includes(name)), ...states.split(" "), ...stanzas];
  assert.deepEqual(wanted.filter((word) => !named.has(word)), []);
});

Deno.test("the guide's way to a runlevel in a container", async () => {
  await using init = await RunningInit.start({
    jobs: {
      "levels.conf": JOBS["levels.conf"]!,
      "rc.conf": JOBS["rc.conf"]!.replace("/etc/rc.d/rc", "echo changed to").replace(
        /\n$/,
        " >> @DIR@/notes\n",
      ),
      "service.conf": "start on runlevel [2345]\nexec sleep 600\n",
      "shop.conf": "start on (filesystem and net-device-up IFACE!=lo)\nexec sleep 600\n",
    },
    startupEvent: true,
  });
  for (const job of ["service", "shop"]) await init.until(["status", job], /start\/running/);
  assert.deepEqual(await init.untilLines("notes", 1), ["changed to 2"]);
});

const VERSIONS = {
  "clay.conf": (version: number) => `env VERSION=${version}\nexec sleep 600\n`,
  "clay.ts": (version: number) =>
    'import { job } from "rouse";\n' +
    `export default job({ env: { VERSION: ${version} }, exec: ["/bin/sleep", "600"] });\n`,
};

for (const [file, text] of Object.entries(VERSIONS)) {
  Deno.test(`a job that runs keeps its definition through restart, and has the new one after stop: ${file}`, async () => {
    await using init = await RunningInit.start({ jobs: { [file]: text(1), "bell.conf": "exec true\n" } });
    const version = async () => {
      const main = /process (\d+)/.exec(await init.ask("status", "clay"))![1];
      const shown = await init.shell(`tr '\\0' '\\n' < /proc/${main}/environ | grep ^VERSION=`);
      return shown.stdout;
    };
    await init.until(["status", "clay"], "clay stop/waiting\n");
    await init.ask("start", "clay");
    init.write(file, text(2));
    await init.ask("reload-configuration");
    await init.ask("restart", "clay");
    assert.equal(await version(), "VERSION=1\n");
    await init.ask("stop", "clay");
    await init.ask("start", "clay");
    assert.equal(await version(), "VERSION=2\n");
  });
}

Deno.test("the messages that the guide explains are those of the commands", async () => {
  await using init = await RunningInit.start({
    jobs: {
      "hopper.conf": JOBS["hopper.conf"]!.replace("mill", "sleep 600; :"),
      "broken.conf": "start on rain\npre-start exec false\nexec sleep 600\n",
      "wet.conf": "pre-start exec test ! -e @DIR@/water\nexec sleep 600\n",
      "leaves.conf": "stop on drought\npre-stop exec initctl stop leaves >> @DIR@/notes 2>&1\n" +
        "exec sleep 600\npost-stop exec false\n",
    },
  });
  const said = async (...words: string[]) => (await init.initctl(...words)).stderr.split("\n")[0]!;
  await init.ask("start", "leaves");
  await init.ask("start", "wet");
  await init.shell("touch @DIR@/water");
  const told = [
    await said("status", "nosuch"),
    await said("stop", "broken"),
    await said("start", "hopper"),
    await said("start", "leaves"),
    await said("start", "broken"),
    await said("restart", "wet"),
    await said("emit", "rain"),
    await said("stop", "leaves"),
    init.read("notes")!.trimEnd(),
  ].map((line) =>
    line.replace(/^initctl: /, "").replace("nosuch", "NAME").replace("STONE", "KEY").replace("leaves", "NAME")
  );
  const table = GUIDE.slice(GUIDE.indexOf("| message "), GUIDE.indexOf("```conf hopper.conf"));
  const messages = table.split("\n").map((row) => row.split("|")[1] ?? "").join();
  const explained = Array.from(messages.matchAll(/`([^`]+)`/g), ([, text]) => text!.trimEnd());
  assert.deepEqual(told.map((line) => line.trimEnd()).sort(), explained.sort());
});
