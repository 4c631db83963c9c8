/** What pages about Upstart teach of initctl: its commands, what they print, and how they end. */

import assert from "node:assert/strict";
import { statSync } from "node:fs";
import { until } from "../support/deadline.ts";
import { RunningInit } from "../support/init.ts";
import { procFile } from "../support/processes.ts";
import { installed } from "../support/programs.ts";

const TELLS_VARIABLES = `
script
  echo "main SIZE=$SIZE COLOUR=$COLOUR" >> @DIR@/notes
  exec sleep 600
end script
pre-stop exec echo "pre-stop SIZE=$SIZE WHY=$WHY" >> @DIR@/notes
post-stop exec echo "post-stop SIZE=$SIZE WHY=$WHY" >> @DIR@/notes
`;

const RUNNING = /^(\S+) start\/running, process (\d+)\n$/;

/** The process of a job's main process, as a command has printed it. */
function processIn(told: string): number {
  const number = RUNNING.exec(told)?.[2];
  assert(number, told);
  return Number(number);
}

Deno.test("start and stop hand any number of variables to the job", async () => {
  await using init = await RunningInit.start({ jobs: { "loom.conf": TELLS_VARIABLES } });
  assert.match(await init.ask("start", "loom", "SIZE=4", "COLOUR=dark red"), RUNNING);
  await init.untilLines("notes", 1);
  assert.equal(await init.ask("stop", "loom", "WHY=dinner"), "loom stop/waiting\n");
  assert.equal(
    init.read("notes"),
    "main SIZE=4 COLOUR=dark red\npre-stop SIZE=4 WHY=dinner\npost-stop SIZE=4 WHY=dinner\n",
  );
});

Deno.test("options stand before the command or after it, and commands of their own do the same", async () => {
  await using init = await RunningInit.start({ jobs: { "loom.conf": "exec sleep 600\n" } });
  for (
    const [start, stop] of [
      [["initctl", "--quiet", "start", "loom"], ["initctl", "stop", "loom", "--quiet"]],
      [["start", "-q", "loom"], ["stop", "loom", "-q"]],
    ] as const
  ) {
    assert.deepEqual(await init.run([...start]), { exit: 0, stdout: "", stderr: "" });
    assert.match(await init.ask("status", "loom"), RUNNING);
    assert.deepEqual(await init.run([...stop]), { exit: 0, stdout: "", stderr: "" });
    assert.equal(await init.ask("status", "loom"), "loom stop/waiting\n");
  }
  assert.match((await init.run(["start", "loom"])).stdout, RUNNING);
  assert.match((await init.run(["restart", "loom"])).stdout, RUNNING);
  assert.match((await init.run(["status", "loom"])).stdout, RUNNING);
  assert.deepEqual(await init.run(["reload", "loom"]), { exit: 0, stdout: "", stderr: "" });
});

Deno.test("restart gives the job another process, which init is the parent of", async () => {
  await using init = await RunningInit.start({ jobs: { "loom.conf": "exec sleep 600\n" } });
  const first = processIn(await init.ask("start", "loom"));
  const second = processIn(await init.ask("restart", "loom"));
  assert.notEqual(first, second);
  for (const words of [["status", "loom"], ["list"]]) {
    assert.equal(processIn(await init.ask(...words)), second);
  }
  assert.match(procFile(second, "status"), new RegExp(`^PPid:\t${init.pid}$`, "m"));
  assert.equal(procFile(first, "status"), "");
});

Deno.test("reload sends SIGHUP, and the job goes on with the same process", async () => {
  await using init = await RunningInit.start({
    jobs: {
      "loom.conf": "script\n  trap 'echo pattern read again >> @DIR@/notes' HUP\n" +
        "  echo ready >> @DIR@/notes\n  while :; do sleep 0.05; done\nend script\n",
    },
  });
  const main = processIn(await init.ask("start", "loom"));
  await init.untilLines("notes", 1);
  assert.equal(await init.ask("reload", "loom"), "");
  assert.deepEqual(await init.untilLines("notes", 2), ["ready", "pattern read again"]);
  assert.equal(processIn(await init.ask("status", "loom")), main);
});

Deno.test("list has a line for each job, a job's kind and state apart", async () => {
  await using init = await RunningInit.start({
    jobs: {
      "cloth.conf": "start on never\n",
      "loom.conf": "exec sleep 600\n",
      "shuttle.conf": "instance $SIDE\nexec sleep 600\n",
      "wool.conf": "task\nexec true\n",
    },
  });
  await init.ask("start", "cloth");
  const left = await init.ask("start", "shuttle", "SIDE=left");
  const right = await init.ask("start", "shuttle", "SIDE=right");
  assert.match(left, /^shuttle \(left\) start\/running, process \d+\n$/);
  const lines = (await init.ask("list")).split("\n").filter(Boolean).sort();
  assert.deepEqual(lines, [
    "cloth start/running",
    "loom stop/waiting",
    left.trimEnd(),
    right.trimEnd(),
    "wool stop/waiting",
  ]);
});

Deno.test("reload-configuration reads the directory again, and jobs that run go on", async () => {
  await using init = await RunningInit.start({ jobs: { "loom.conf": "exec sleep 600\n" } });
  const main = processIn(await init.ask("start", "loom"));
  init.write("shuttle.conf", "exec sleep 601\n");
  init.write("loom.conf", "exec sleep 602\n");
  assert.equal(await init.ask("reload-configuration"), "");
  assert.equal(await init.ask("status", "shuttle"), "shuttle stop/waiting\n");
  assert.equal(processIn(await init.ask("status", "loom")), main);
  const next = processIn(await init.ask("stop", "loom").then(() => init.ask("start", "loom")));
  await until("the new command runs", () => procFile(next, "cmdline") === "sleep\x00602\x00");
});

Deno.test("a job is named by its file, which nobody need be able to execute", async () => {
  await using init = await RunningInit.start({
    jobs: {
      "loom.conf": "exec sleep 600\n",
      "hall/loom.conf": "exec sleep 600\n",
      "loom.txt": "exec true\n",
    },
  });
  assert.equal(statSync(init.path("conf/loom.conf")).mode & 0o111, 0);
  assert.deepEqual((await init.ask("list")).split("\n").sort(), [
    "",
    "hall/loom stop/waiting",
    "loom stop/waiting",
  ]);
  assert.match(await init.ask("start", "hall/loom"), RUNNING);
});

Deno.test("emit returns when all that the event started is up, and fails with what fails", async () => {
  await using init = await RunningInit.start({
    jobs: {
      "loom.conf": "start on wool-came\nexec sleep 600\n",
      "wash.conf": "start on wool-came\ntask\nexec echo washed >> @DIR@/notes\n",
      "dye.conf": "start on wool-came COLOUR=none\ntask\nexec false\n",
    },
  });
  assert.equal(await init.ask("emit", "wool-came", "COLOUR=red"), "");
  assert.match(await init.ask("status", "loom"), RUNNING);
  assert.equal(init.read("notes"), "washed\n");
  assert.deepEqual(await init.initctl("emit", "wool-came", "COLOUR=none"), {
    exit: 1,
    stdout: "",
    stderr: "initctl: Event failed\n",
  });
});

Deno.test("a job that has no stop condition is stopped by hand, by either command", async () => {
  await using init = await RunningInit.start({ jobs: { "loom.conf": "start on wool\nexec sleep 600\n" } });
  for (const stop of [["initctl", "stop", "loom"], ["stop", "loom"]]) {
    await init.ask("emit", "wool");
    assert.match(await init.ask("status", "loom"), RUNNING);
    assert.deepEqual(await init.run(stop), { exit: 0, stdout: "loom stop/waiting\n", stderr: "" });
  }
});

Deno.test("usage says how a job is called, and so do commands that lack what it says", async () => {
  const usage = "SIDE=left|right - which shuttle";
  await using init = await RunningInit.start({
    jobs: { "shuttle.conf": `instance $SIDE\nusage "${usage}"\nexec sleep 600\n` },
  });
  assert.equal(await init.ask("usage", "shuttle"), `Usage: ${usage}\n`);
  for (const word of ["start", "stop", "status"]) {
    assert.deepEqual(await init.initctl(word, "shuttle"), {
      exit: 1,
      stdout: "",
      stderr: `initctl: Unknown parameter: SIDE\nUsage: ${usage}\n`,
    });
  }
});

Deno.test("commands that cannot be done say why on standard error, and exit with 1", async () => {
  await using init = await RunningInit.start({
    jobs: { "loom.conf": "exec sleep 600\n", "dye.conf": "task\nexec false\n" },
  });
  await init.ask("start", "loom");
  for (
    const [words, told] of [
      [["start", "loom"], "Job is already running: loom"],
      [["stop", "dye"], "Unknown instance: "],
      [["reload", "dye"], "Unknown instance: "],
      [["restart", "dye"], "Unknown instance: "],
      [["start", "dye"], "Job failed to start"],
      [["status", "silk"], "Unknown job: silk"],
    ] as const
  ) {
    const { exit, stdout, stderr } = await init.initctl(...words);
    assert.deepEqual({ exit, stdout, stderr }, { exit: 1, stdout: "", stderr: `initctl: ${told}\n` });
  }
});

const DESCRIBED = 'description "weaves cloth"\nauthor "A. Weaver <weaver@example.org>"\nversion "1.1"\n' +
  "emits cloth-ready cloth-torn\nexec sleep 600\n";

Deno.test("show-config shows the events that a job says it emits", async () => {
  await using init = await RunningInit.start({ jobs: { "loom.conf": DESCRIBED } });
  assert.equal(init.messages(), "");
  assert.equal(
    await init.ask("show-config", "-e", "loom"),
    "loom\n  emits cloth-ready\n  emits cloth-torn\n",
  );
});

Deno.test({
  name: "what describes a job can be asked for on D-Bus",
  ignore: !installed("dbus-send"),
  async fn() {
    await using init = await RunningInit.start({ jobs: { "loom.conf": DESCRIBED } });
    const told = await init.shell(
      "for name in description author version; do " +
        'dbus-send --peer="$UPSTART_SESSION" --print-reply=literal /com/ubuntu/Upstart/jobs/loom ' +
        "org.freedesktop.DBus.Properties.Get string:com.ubuntu.Upstart0_6.Job string:$name; echo; done",
    );
    const values = told.stdout.trim().split("\n").map((line) => line.replace(/^ *variant +/, ""));
    assert.deepEqual(values, ["weaves cloth", "A. Weaver <weaver@example.org>", "1.1"], told.stderr);
  },
});
