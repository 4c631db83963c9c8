/** What pages about Upstart teach of the boot: `startup`, runlevels, and jobs that order themselves by events. */

import assert from "node:assert/strict";
import { until } from "../support/deadline.ts";
import { RunningInit } from "../support/init.ts";
import { NamespaceInit, NAMESPACES_POSSIBLE } from "../support/namespace.ts";

/** A job that tells what it does, on an event of its own; its main code takes until the test makes a file. */
const KILN = `
start on fire
pre-start exec echo kiln pre-start >> @DIR@/notes
script
  echo kiln main begins >> @DIR@/notes
  until [ -e @DIR@/burnt ]; do sleep 0.02; done
  echo kiln main ends >> @DIR@/notes
end script
post-start script
  until grep -q "main begins" @DIR@/notes; do sleep 0.02; done
  echo kiln post-start >> @DIR@/notes
end script
pre-stop exec echo kiln pre-stop >> @DIR@/notes
post-stop exec echo kiln post-stop >> @DIR@/notes
`;

const STARTED = ["kiln pre-start", "kiln main begins", "kiln post-start"];

/** A job that runs on the other one's way up, and takes its time. */
const CLAY = (task: string, gate: string) => `
start on starting kiln
${task}
script
  until ${gate}; do sleep 0.02; done
  echo clay ran >> @DIR@/notes
end script
`;

Deno.test("emit returns while the service that it started still runs; post-stop comes at its end", async () => {
  await using init = await RunningInit.start({ jobs: { "kiln.conf": KILN } });
  assert.equal(await init.ask("emit", "fire"), "");
  assert.equal(init.read("notes"), STARTED.join("\n") + "\n");
  await init.shell("touch @DIR@/burnt");
  // It ends by itself, so there is no pre-stop.
  const all = [...STARTED, "kiln main ends", "kiln post-stop"];
  assert.deepEqual(await init.untilLines("notes", 5), all);
  await init.until(["status", "kiln"], "kiln stop/waiting\n");
});

Deno.test("pre-stop runs when the job is told to stop before its main code has ended", async () => {
  await using init = await RunningInit.start({ jobs: { "kiln.conf": KILN } });
  await init.ask("emit", "fire");
  assert.equal(await init.ask("stop", "kiln"), "kiln stop/waiting\n");
  assert.deepEqual(await init.untilLines("notes", 5), [...STARTED, "kiln pre-stop", "kiln post-stop"]);
});

Deno.test("a service on another one's starting runs beside it", async () => {
  const jobs = { "kiln.conf": KILN, "clay.conf": CLAY("", "grep -q post-start @DIR@/notes") };
  await using init = await RunningInit.start({ jobs });
  await init.ask("emit", "fire");
  assert.deepEqual(await init.untilLines("notes", 4), [...STARTED, "clay ran"]);
});

Deno.test("a task on another job's starting is done before that one begins", async () => {
  const jobs = { "kiln.conf": KILN, "clay.conf": CLAY("task", "[ -e @DIR@/wet ]") };
  await using init = await RunningInit.start({ jobs });
  await init.ask("emit", "--no-wait", "fire");
  await init.until(["status", "clay"], /running/);
  assert.equal(await init.ask("status", "kiln"), "kiln start/starting\n");
  assert.equal(init.read("notes"), undefined);
  await init.shell("touch @DIR@/wet");
  assert.deepEqual(await init.untilLines("notes", 4), ["clay ran", ...STARTED]);
});

Deno.test("a job tells others by an event of its own, with what they have to know", async () => {
  await using init = await RunningInit.start({
    jobs: {
      "digger.conf": "start on startup\nemits clay-found\ntask\nexec initctl emit clay-found PLACE=hill\n",
      "potter.conf": "start on clay-found PLACE=h*\ntask\nexec echo potter at $PLACE >> @DIR@/notes\n",
      "weaver.conf": "start on clay-found PLACE=meadow\ntask\nexec echo weaver >> @DIR@/notes\n",
    },
    startupEvent: true,
  });
  await init.untilLines("notes", 1);
  await init.until(["status", "digger"], "digger stop/waiting\n");
  assert.equal(init.read("notes"), "potter at hill\n");
});

/** The first job of a boot, which leads to a runlevel when it is done, if it was init that started it. */
const SYSINIT = `
start on startup
stop on runlevel
task
exec echo sysinit >> @DIR@/notes
post-stop script
  if [ "$UPSTART_EVENTS" = "startup" ]; then
    [ -f @DIR@/inittab ] && level=$(awk -F: '$3 == "initdefault" && $1 !~ "^#" { print $2 }' @DIR@/inittab)
    [ -z "$level" ] && level=3
    exec telinit $level
  fi
end script
`;

/** The job that changes runlevels, and is overtaken by the next change. */
const CHANGE = `
start on runlevel [0123456]
stop on runlevel [!$RUNLEVEL]
task
export RUNLEVEL
console output
script
  echo "change to $RUNLEVEL from $PREVLEVEL" >> @DIR@/notes
  [ $RUNLEVEL != 4 ] || exec sleep 600
end script
`;

const AFTER_CHANGE =
  'start on stopped change RUNLEVEL=[2345]\ntask\nexec echo "after $RUNLEVEL" >> @DIR@/notes\n';

function inNamespace(name: string, fn: () => Promise<void>): void {
  Deno.test({ name, ignore: !NAMESPACES_POSSIBLE, fn });
}

inNamespace("startup leads to a runlevel by way of jobs, and to what waits for these", async () => {
  await using init = await NamespaceInit.start({
    "sysinit.conf": SYSINIT,
    "change.conf": CHANGE,
    "after.conf": AFTER_CHANGE,
  });
  await until("all have run", () => init.read("notes").endsWith("after 3\n"));
  assert.equal(init.read("notes"), "sysinit\nchange to 3 from N\nafter 3\n");
  // Started by hand, the first job does not change the runlevel.
  await init.ask("start", "sysinit");
  assert.equal(init.read("notes"), "sysinit\nchange to 3 from N\nafter 3\nsysinit\n");
});

inNamespace(
  "a change of runlevel that is under way is given up for another one, and not for its own",
  async () => {
    await using init = await NamespaceInit.start({ "change.conf": CHANGE, "after.conf": AFTER_CHANGE });
    await init.shell("telinit 4");
    await until("the change is under way", () => init.read("notes") === "change to 4 from N\n");
    const main = await init.ask("status", "change");
    assert.match(main, /^change start\/running, process \d+\n$/);
    await init.ask("emit", "--no-wait", "runlevel", "RUNLEVEL=4", "PREVLEVEL=4");
    assert.equal(await init.ask("status", "change"), main);
    await init.ask("emit", "--no-wait", "runlevel", "RUNLEVEL=2", "PREVLEVEL=4");
    await until("the other change is done", () => init.read("notes").includes("after 2\n"));
    assert.match(init.read("notes"), /change to 2 from 4\n/);
    assert.equal(await init.ask("status", "change"), "change stop/waiting\n");
  },
);

inNamespace("telinit puts the runlevel on record, for runlevel and who; emit does not", async () => {
  await using init = await NamespaceInit.start({ "change.conf": CHANGE });
  assert.match((await init.shell("runlevel")).stderr, /utmp: No such file or directory\n$/);
  await init.shell("touch /run/utmp /var/log/wtmp");
  assert.deepEqual(await init.shell("runlevel"), { exit: 1, stdout: "unknown\n", stderr: "" });
  await init.shell("telinit 2");
  assert.equal((await init.shell("runlevel")).stdout, "N 2\n");
  assert.match((await init.shell("who -r /run/utmp")).stdout, /run-level 2/);
  await init.ask("emit", "runlevel", "RUNLEVEL=3", "PREVLEVEL=2");
  assert.equal((await init.shell("runlevel")).stdout, "N 2\n");
  await init.shell("telinit 5");
  assert.equal((await init.shell("runlevel")).stdout, "2 5\n");
});
