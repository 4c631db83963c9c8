/** What pages about Upstart teach of a job's states and events: their names, and their order. */

import assert from "node:assert/strict";
import { RunningInit } from "../support/init.ts";

/** Notes the events of the job `mill`, and its state when each came. */
const RECORDER = `
start on starting mill or started mill or stopping mill or stopped mill
instance $UPSTART_EVENTS
task
script
  echo "$UPSTART_EVENTS: $(initctl status mill | head -n 1)" >> @DIR@/notes
end script
`;

/** A line of shell that waits until the test makes a file of that name. */
const awaits = (name: string) => `until [ -e @DIR@/${name} ]; do sleep 0.02; done`;

/** Each step of this job waits until the test makes a file of its name. */
const STEPWISE = `
expect stop
kill timeout 60
script
  trap '${awaits("killed")}; exit 0' TERM
  ${awaits("spawned")}
  kill -STOP $$
  while :; do sleep 0.02; done
end script
${
  ["pre-start", "post-start", "pre-stop", "post-stop"].map((hook) =>
    `${hook} script
  ${awaits(hook)}
end script
`
  ).join("")
}`;

/** Holds up the event named so until the test makes a file of its name. */
const holder = (event: string) =>
  `start on ${event} mill
task
script
  ${awaits(event)}
end script
`;

Deno.test("status shows each state in turn, from waiting to waiting", async () => {
  await using init = await RunningInit.start({
    jobs: {
      "mill.conf": STEPWISE,
      "before.conf": holder("starting"),
      "after.conf": holder("stopping"),
    },
  });
  const enters = (state: string) =>
    init.until(["status", "mill"], new RegExp(`^mill ${state}(, process \\d+)?\n`));
  await enters("stop/waiting");
  await init.ask("start", "--no-wait", "mill");
  for (const state of ["starting", "pre-start", "spawned", "post-start"]) {
    await enters(`start/${state}`);
    await init.shell(`touch @DIR@/${state}`);
  }
  await enters("start/running");
  await init.ask("stop", "--no-wait", "mill");
  for (const state of ["pre-stop", "stopping", "killed", "post-stop"]) {
    await enters(`stop/${state}`);
    await init.shell(`touch @DIR@/${state}`);
  }
  await enters("stop/waiting");
});

Deno.test("the processes of a job that runs are named with its state", async () => {
  await using init = await RunningInit.start({ jobs: { "mill.conf": STEPWISE } });
  await init.shell("touch @DIR@/pre-start @DIR@/spawned @DIR@/killed @DIR@/post-stop");
  await init.ask("start", "--no-wait", "mill");
  await init.until(
    ["status", "mill"],
    /^mill start\/post-start, process (\d+)\n\tpost-start process (?!\1)\d+\n$/,
  );
  await init.shell("touch @DIR@/post-start");
  await init.until(["status", "mill"], /^mill start\/running, process \d+\n$/);
  await init.ask("stop", "--no-wait", "mill");
  await init.until(
    ["status", "mill"],
    /^mill stop\/pre-stop, process (\d+)\n\tpre-stop process (?!\1)\d+\n$/,
  );
});

Deno.test("a service runs until it is stopped, a task until it is done, an abstract job without a process", async () => {
  await using init = await RunningInit.start({
    jobs: {
      "service.conf": "exec sleep 600\n",
      "task.conf": "task\nexec echo once >> @DIR@/notes\n",
      "abstract.conf": "pre-start exec echo prepared >> @DIR@/notes\n",
    },
  });
  assert.match(await init.ask("start", "service"), /^service start\/running, process \d+\n$/);
  assert.equal(await init.ask("start", "task"), "task stop/waiting\n");
  assert.equal(await init.ask("start", "abstract"), "abstract start/running\n");
  assert.equal(init.read("notes"), "once\nprepared\n");
  assert.equal(await init.ask("stop", "abstract"), "abstract stop/waiting\n");
});

Deno.test("the four events of a job come by themselves, each in its state", async () => {
  await using init = await RunningInit.start({
    jobs: { "mill.conf": "exec sleep 600\n", "recorder.conf": RECORDER },
  });
  await init.ask("start", "mill");
  await init.untilLines("notes", 2);
  await init.ask("stop", "mill");
  await init.untilLines("notes", 4);
  assert.equal(
    init.read("notes")!.replaceAll(/process \d+/g, "process N"),
    "starting: mill start/starting\nstarted: mill start/running, process N\n" +
      "stopping: mill stop/stopping, process N\nstopped: mill stop/waiting\n",
  );
});

Deno.test("a main process that ends by itself has the job stopped, by way of all that follows on a stop", async () => {
  await using init = await RunningInit.start({
    jobs: {
      "mill.conf": "exec true\npre-stop exec echo pre-stop >> @DIR@/notes\n" +
        "post-stop exec echo post-stop >> @DIR@/notes\n",
      "recorder.conf": RECORDER.replace("starting mill or started mill or", ""),
    },
  });
  await init.ask("start", "mill");
  assert.deepEqual(await init.untilLines("notes", 3), [
    "stopping: mill stop/stopping",
    "post-stop",
    "stopped: mill stop/waiting",
  ]);
});

Deno.test("a job without a process has no pre-stop", async () => {
  await using init = await RunningInit.start({
    jobs: {
      "mill.conf": ["pre-start", "post-start", "pre-stop", "post-stop"].map((hook) =>
        `${hook} exec echo ${hook} >> @DIR@/notes\n`
      ).join(""),
    },
  });
  await init.ask("start", "mill");
  await init.ask("stop", "mill");
  assert.equal(init.read("notes"), "pre-start\npost-start\npost-stop\n");
});

Deno.test("a job may be told to stop at any time: then its main process does not even begin", async () => {
  await using init = await RunningInit.start({ jobs: { "mill.conf": STEPWISE } });
  const start = init.initctl("start", "mill");
  await init.until(["status", "mill"], /^mill start\/pre-start, /);
  await init.ask("stop", "--no-wait", "mill");
  await init.until(["status", "mill"], /^mill stop\/pre-start, /);
  await init.shell("touch @DIR@/pre-start @DIR@/post-stop");
  await init.until(["status", "mill"], "mill stop/waiting\n");
  const { exit, stdout } = await start;
  assert.equal(exit, 0, "to be stopped is no failure");
  assert.match(stdout, /^mill stop\/pre-start, /);
});

Deno.test("init's log tells each step of a job, once its priority is info", async () => {
  await using init = await RunningInit.start({
    jobs: { "mill.conf": "task\nexec true\npre-start exec true\n" },
  });
  assert.equal(await init.ask("log-priority"), "message\n");
  assert.equal(await init.ask("log-priority", "info"), "");
  await init.ask("start", "mill");
  await init.untilMessage(/Handling stopped event/);
  const told = init.messages().replaceAll(/\(\d+\)/g, "(N)").split("\n");
  const steps = [
    "init: mill goal changed from stop to start",
    "init: mill state changed from waiting to starting",
    "init: Handling starting event",
    "init: mill pre-start process (N)",
    "init: mill pre-start process (N) exited normally",
    "init: mill main process (N)",
    "init: mill state changed from post-start to running",
    "init: Handling started event",
    "init: mill main process (N) exited normally",
    "init: mill goal changed from start to stop",
    "init: mill state changed from running to stopping",
    "init: Handling stopping event",
    "init: mill state changed from post-stop to waiting",
    "init: Handling stopped event",
  ];
  assert.deepEqual(told.filter((line) => steps.includes(line)), steps);
});
