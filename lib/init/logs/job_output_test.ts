import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import { resolve } from "node:path";
import { write } from "../../sys/io/descriptors.ts";
import { SystemError } from "../../sys/call/errno.ts";
import { kill } from "../../sys/process/processes.ts";
import { withFault } from "../../sys/testing/faults.ts";

import { test, until } from "./testing/output_fixture.ts";

const RUN_ALONE = resolve(import.meta.dirname!, "../../sys/testing/run_alone.ts");

test("all that a process printed is in the log when its end is told, with a terminal's line ends", async (it) => {
  for (let round = 0; round < 20; round++) {
    await it.run("echo to stdout; echo to stderr >&2", `job${round}`);
    assert.equal(it.log(`job${round}`), "to stdout\r\nto stderr\r\n");
  }
});

test("long output is whole and in order", async (it) => {
  await it.run("seq 1 40000");
  assert.equal(it.log("job"), Array.from({ length: 40000 }, (_, index) => `${index + 1}\r\n`).join(""));
});

test("the streams are /dev/null and one terminal; every byte passes", async (it) => {
  await it.run(
    "[ $(readlink /proc/self/fd/0) = /dev/null ]; [ -t 1 ]; [ -t 2 ]; " +
      "[ $(readlink /proc/$$/fd/1) = $(readlink /proc/$$/fd/2) ]; printf 'a\\000\\377\\033\\n'",
  );
  assert.equal(it.log("job"), "a\0\xff\x1b\r\n");
});

test("console pipe is a log through a pipe: bytes as they are, both streams in order", async (it) => {
  const script = "[ ! -t 1 ]; [ $(readlink /proc/self/fd/0) = /dev/null ]; echo out; echo error >&2; " +
    "echo opened > /dev/stdout; printf 'a\\000\\377\\n'";
  await it.run(script, "job", "", "pipe");
  assert.equal(it.log("job"), "out\nerror\nopened\na\0\xff\n");
  await it.run("seq 1 40000", "job", "long", "pipe");
  assert.equal(it.log("job-long"), Array.from({ length: 40000 }, (_, index) => `${index + 1}\n`).join(""));
});

test("a process that prints nothing leaves no log", async (it) => {
  await it.run("true");
  assert.deepEqual(fs.readdirSync(it.at("log")), []);
});

test("instances have logs of their own, and the processes of one share its log", async (it) => {
  await Promise.all([it.run("echo one", "net/web", "a/b"), it.run("echo two", "net/web", "c")]);
  await it.run("echo three", "net/web", "c");
  assert.equal(it.log("net_web-a_b"), "one\r\n");
  assert.equal(it.log("net_web-c"), "two\r\nthree\r\n");
});

test("what a child prints after its parent ended is logged too, and no end waits for it", async (it) => {
  await it.run("echo before; { while ! [ -e $D/go ]; do sleep 0.01; done; echo late; } &");
  assert.equal(it.log("job"), "before\r\n");
  fs.writeFileSync(it.at("go"), "");
  await until(it.at("log"), () => it.log("job") === "before\r\nlate\r\n");
});

test("a log renamed while the job runs is made anew", async (it) => {
  const { ended } = it.start("echo first; while ! [ -e $D/go ]; do sleep 0.01; done; echo second");
  await until(it.at("log"), () => fs.existsSync(it.at("log/job.log")) && it.log("job") !== "");
  fs.renameSync(it.at("log/job.log"), it.at("log/job.1.log"));
  fs.writeFileSync(it.at("go"), "");
  await ended;
  assert.equal(it.log("job.1"), "first\r\n");
  assert.equal(it.log("job"), "second\r\n");
});

test("the log directory is made where only its last part is missing", async (it) => {
  fs.rmdirSync(it.at("log"));
  await it.run("echo first");
  assert.equal(it.log("job"), "first\r\n");
  assert.equal(fs.statSync(it.at("log")).mode & 0o777, 0o755);
});

test("output is kept until the log directory is there and init is told so", async (it) => {
  fs.rmdirSync(it.at("log"));
  // As if it were on a disk that is not mounted yet.
  fs.symlinkSync("disk/log", it.at("log"));
  await it.run("echo early 1");
  await it.run("echo early 2");
  await it.run("echo other", "other");
  assert.equal(it.output.notifyDiskWriteable(), "No such file or directory");
  fs.mkdirSync(it.at("disk/log"), { recursive: true });
  it.output.notifyDiskWriteable();
  assert.equal(it.log("job"), "early 1\r\nearly 2\r\n");
  assert.equal(it.log("other"), "other\r\n");
  it.output.notifyDiskWriteable();
  assert.equal(it.log("job"), "early 1\r\nearly 2\r\n");
  assert.deepEqual(it.problems, []);
});

test("console none is /dev/null altogether", async (it) => {
  await it.run(
    "for n in 0 1 2; do [ $(readlink /proc/$$/fd/$n) = /dev/null ]; done; echo x; touch $D/done",
    "job",
    "",
    "none",
  );
  assert(fs.existsSync(it.at("done")));
  assert.deepEqual(fs.readdirSync(it.at("log")), []);
});

test("console output is /dev/null, told once, where there is no console; console owner fails", async (it) => {
  for (let round = 0; round < 2; round++) await it.run("echo x", "job", "", "output");
  assert.equal(it.problems.length, 1);
  assert.match(it.problems[0]!, /^Failed to open system console: .*No such file/);
  assert.throws(() => it.output.open("job", "", "owner"), /No such file/);
}, { consolePath: "/dev/there-is-none" });

test("console output is the console for all three streams", async (it) => {
  const script = "for n in 0 1 2; do all=$all$(readlink /proc/$$/fd/$n); done; echo $all > $D/streams";
  await it.run(script, "job", "", "output");
  assert.equal(fs.readFileSync(it.at("streams"), "utf8"), "/dev/full/dev/full/dev/full\n");
}, { consolePath: "/dev/full" });

test("where no terminal can be had there are pipes, which is told once", async (it) => {
  for (let round = 0; round < 2; round++) await it.run("[ ! -t 1 ]; echo out; echo err >&2");
  assert.equal(it.log("job"), "out\nerr\nout\nerr\n");
  assert.deepEqual(it.problems, [
    "Failed to create pty, jobs log through pipes instead: unable to open /dev/ptmx: No space left on device",
  ]);
}, {
  openTerminal: () => {
    throw new SystemError("open /dev/ptmx", 28);
  },
});

test("while descriptors are short, no output is opened that is less than a process is to have", (it) => {
  assert.throws(() => it.output.open("job", "", "log"), { code: "EMFILE" });
  assert.deepEqual(it.problems, []);
  return Promise.resolve();
}, {
  openTerminal: () => {
    throw new SystemError("open /dev/ptmx", 24);
  },
});

for (const [console, path] of [["none", "/dev/null"], ["output", "/dev/full"]] as const) {
  test(`while memory is short, console ${console} opens nothing in place of ${path}`, async (it) => {
    assert.throws(() => withFault(1, () => it.output.open("job", "", console)), { code: "ENOMEM" });
    const script = "for n in 0 1 2; do all=$all$(readlink /proc/$$/fd/$n); done; echo $all > $D/streams";
    await it.run(script, "job", "", console);
    assert.equal(fs.readFileSync(it.at("streams"), "utf8"), `${path.repeat(3)}\n`);
    assert.deepEqual(it.problems, []);
  }, { consolePath: "/dev/full" });
}

for (const console of ["log", "pipe"] as const) {
  test(`a job that prints without end holds up no others (console ${console})`, async (it) => {
    const endless = it.start("exec yes 'a line that is printed again and again'", "endless", "", console);
    const size = () => fs.statSync(it.at("log/endless.log"), { throwIfNoEntry: false })?.size ?? 0;
    try {
      for (let round = 0; round < 20; round++) await it.run("echo done", "other");
      await until(it.at("log"), () => size() > 20_000_000);
      assert.equal(it.log("other"), "done\r\n".repeat(20));
    } finally {
      kill(-endless.pid, 9);
    }
    await endless.ended;
  });
}

test("the end of a process is told although a child goes on printing without end", async (it) => {
  await it.run("yes & echo $! > $D/pid", "parent");
  kill(Number(fs.readFileSync(it.at("pid"), "utf8")), 9);
});

test("logs that cannot be written are not remembered for ever", async (it) => {
  fs.rmSync(it.at("log"), { recursive: true });
  fs.writeFileSync(it.at("log"), "");
  for (let count = 0; count < 1010; count++) {
    const { descriptors, spawned, ended } = it.output.open("other", String(count), "pipe");
    write(descriptors[1]!, new TextEncoder().encode("text"));
    spawned();
    ended();
  }
  const named = Array.from({ length: 20 }, (_, count) => it.at(`log/other-${count}.log`));
  assert.deepEqual(it.problems, [
    ...named.map((path) => `${path}: unable to write: Not a directory; its lines are kept in memory`),
    "Failed to write more than 20 logs: the others are not named",
    "Failed to write more than 1000 logs: the output of the oldest is lost",
  ]);
  fs.rmSync(it.at("log"));
  fs.mkdirSync(it.at("log"));
  it.output.notifyDiskWriteable();
  assert.equal(fs.readdirSync(it.at("log")).length, 1000);
  await it.run("echo text");
  assert.equal(it.log("job"), "text\r\n");
});

Deno.test("what crashing processes leave behind costs little, and what it prints arrives", () => {
  const tests = resolve(import.meta.dirname!, "testing/crash_leftovers.ts");
  const { status, stdout, stderr } = spawnSync(
    Deno.execPath(),
    ["run", "-A", "--no-check", RUN_ALONE, tests],
    { encoding: "utf8", timeout: 300_000 },
  );
  assert.equal(status, 0, stdout + stderr);
  assert.match(stdout, /^2 passed, 0 failed$/m);
});
