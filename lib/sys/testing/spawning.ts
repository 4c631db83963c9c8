/** Tests of the queue of processes to start. Like those of reaping, they need a process of their own. */

import assert from "node:assert/strict";
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmdirSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import process from "node:process";
import { SIGCONT, SIGKILL, SIGSTOP } from "../../model/signals.ts";
import { close, O_RDONLY, open } from "../io/descriptors.ts";
import { call, required } from "../call/kernel.ts";
import { ifAllowed } from "../call/refused.ts";
import { cgroupDirectory, cgroupOf, cgroupTree } from "../machine/cgroups.ts";
import { type ChildStateChange, kill, onChildChange, reap } from "../process/processes.ts";
import { childrenOf } from "../process/procfs.ts";
import type { SpawnDescription, SpawnResult } from "../spawn/spawn.ts";
import { SpawnQueue } from "../spawn/spawn_queue.ts";
import { shell } from "./children.ts";
import { TemporaryDirectory } from "./directory.ts";

const queue = new SpawnQueue();

/** What is told of a number of children, in order: `start` and `end` with the pid, or what failed. */
async function story(descriptions: SpawnDescription[]): Promise<string[]> {
  const told: string[] = [];
  const running = new Set<number>();
  const { promise, resolve } = Promise.withResolvers<void>();
  let open = descriptions.length;
  const settled = () => --open > 0 || resolve();
  const silence = onChildChange(() => {
    for (const change of reap()) {
      queue.changed(change.pid);
      // One that could not be started has an end, too.
      if (!running.delete(change.pid)) continue;
      told.push(`end ${change.pid}`);
      settled();
    }
  });
  const started = ({ pid, failed }: SpawnResult) => {
    told.push(failed ? failed.message : `start ${pid}`);
    if (failed) settled();
    else running.add(pid);
  };
  for (const description of descriptions) queue.start(description, started);
  await promise;
  silence();
  return told;
}

Deno.test("of every child first the start is told and then the end, however soon that is", async () => {
  const told = await story(Array.from({ length: 500 }, () => shell("exit 0", { newSession: true })));
  assert.equal(told.length, 1000);
  assert.deepEqual(childrenOf(process.pid), []);
});

Deno.test("a child that stops at once has started before that", async () => {
  const told: string[] = [];
  const { promise, resolve } = Promise.withResolvers<void>();
  const silence = onChildChange(() => {
    for (const change of reap()) {
      queue.changed(change.pid);
      told.push("stopped" in change ? "stop" : "exit" in change ? "end" : "go on");
      if ("stopped" in change) kill(change.pid, SIGCONT);
      if ("exit" in change) resolve();
    }
  });
  queue.start(shell("kill -STOP $$"), () => told.push("start"));
  await promise;
  silence();
  assert.deepEqual(told.filter((what) => what !== "go on"), ["start", "stop", "end"]);
});

Deno.test("a child that cannot be started is told with what it failed at, and the others start", async () => {
  const told = await story([
    shell("", { chdir: "/nonexistent" }),
    shell("exit 0"),
    shell("", { argv: ["/nonexistent"] }),
    shell("", { argv: ["/bin/true", "x".repeat(4 << 20)] }),
    shell("", { oomScore: 5000 }),
    shell("exit 0"),
  ]);
  const failures = told.filter((line) => line.startsWith("unable"));
  assert.deepEqual(failures.sort(), [
    "unable to change working directory: No such file or directory",
    "unable to execute: Argument list too long",
    "unable to execute: No such file or directory",
    "unable to set oom adjustment: Invalid argument",
  ]);
  assert.equal(told.filter((line) => line.startsWith("start")).length, 2);
  assert.deepEqual(childrenOf(process.pid), []);
  assert.deepEqual(reap(), []);
});

Deno.test("children of the same description fare each for itself", async () => {
  using temporary = new TemporaryDirectory();
  const directory = temporary.path;
  const program = join(directory, "program");
  const description = shell("", { argv: ["program"], environment: [`PATH=/nonexistent:${directory}`] });
  const tell = async () => (await story([description]))[0]!.split(" ")[0];
  assert.equal(await tell(), "unable");
  writeFileSync(program, "#!/bin/sh\n");
  chmodSync(program, 0o755);
  assert.equal(await tell(), "start");
  assert.equal(await tell(), "start");
  rmSync(program);
  assert.equal(await tell(), "unable");
});

Deno.test("a child's oom score is its own", async () => {
  const score = () => readFileSync("/proc/self/oom_score_adj", "utf8");
  const before = score();
  const script = '[ "$(cat /proc/self/oom_score_adj)" = 500 ] || echo >&2 no score';
  const told = await story([shell(script, { oomScore: 500 }), shell("exit 0")]);
  assert.equal(told.filter((line) => line.startsWith("start")).length, 2);
  assert.equal(score(), before);
});

/** Makes a control group. Gives its directory; undefined where there is no tree that can be written to. */
function makeGroup(): string | undefined {
  const tree = cgroupTree(), own = cgroupOf("self");
  return tree && own && ifAllowed(() => mkdtempSync(join(cgroupDirectory(tree, own), "rouse-test-")));
}

Deno.test("a child is made in its control group, and enters none by itself", async () => {
  using temporary = new TemporaryDirectory();
  const group = makeGroup(), file = join(temporary.path, "group");
  if (group === undefined) return console.log("no control group can be made: nothing is tested");
  // By this file it could not enter the group.
  const told = await story([shell(`cat /proc/self/cgroup > ${file}`, { cgroups: [join(group, "absent")] })]);
  assert.deepEqual(told.map((line) => line.split(" ")[0]), ["start", "end"]);
  assert(readFileSync(file, "utf8").endsWith(`/${basename(group)}\n`));
  rmdirSync(group);
});

Deno.test("a child that cannot be made in its control group enters it, or tells why not", async () => {
  using temporary = new TemporaryDirectory();
  // The kernel refuses a directory that is no group.
  const file = join(temporary.path, "cgroup.procs");
  writeFileSync(file, "");
  const told = await story([
    shell("exit 0", { cgroups: [file] }),
    shell("exit 0", { cgroups: [join(temporary.path, "absent")] }),
    shell("exit 0", { cgroups: ["/nonexistent/cgroup.procs"] }),
  ]);
  assert.equal(readFileSync(file, "utf8"), "0");
  assert.deepEqual(told.map((line) => line.replace(/\d+/, "")).sort(), [
    "end ",
    "start ",
    "unable to join control group: No such file or directory",
    "unable to join control group: No such file or directory",
  ]);
  assert.deepEqual(childrenOf(process.pid), []);
});

Deno.test("a failure is told whichever descriptors the child has", async () => {
  const nothing = open("/dev/null", O_RDONLY);
  const descriptors = Object.fromEntries(Array.from({ length: 50 }, (_, number) => [number, nothing]));
  const told = await story([shell("", { argv: ["/nonexistent"], descriptors })]);
  close(nothing);
  assert.deepEqual(told, ["unable to execute: No such file or directory"]);
});

Deno.test("more is passed than there is room for in advance", async () => {
  const long = "x".repeat(100 << 10);
  const script = `[ "\${#ONE}" = ${long.length} ] && [ "\${#TWO}" = ${long.length} ]`;
  const { promise, resolve } = Promise.withResolvers<ChildStateChange>();
  const silence = onChildChange(() =>
    reap().forEach((change) => queue.changed(change.pid) ?? resolve(change))
  );
  queue.start(shell(script, { environment: [`ONE=${long}`, `TWO=${long}`] }), () => {});
  const { exit } = await promise as ChildStateChange & { exit: unknown };
  silence();
  assert.deepEqual(exit, { status: 0 });
});

Deno.test("a file of no known format is run by the shell", async () => {
  using temporary = new TemporaryDirectory();
  const directory = temporary.path;
  const script = join(directory, "script");
  writeFileSync(script, "exit 0\n");
  chmodSync(script, 0o755);
  const told = await story([shell("", { argv: [script] })]);
  assert.deepEqual(told.map((line) => line.split(" ")[0]), ["start", "end"]);
});

Deno.test("a program that cannot be opened for long keeps nobody else waiting", async () => {
  using temporary = new TemporaryDirectory();
  const directory = temporary.path;
  const program = join(directory, "program");
  writeFileSync(program, "#!/bin/sh\nexit 0\n");
  chmodSync(program, 0o755);
  const file = lease(program);
  const others = 40;
  const started: string[] = [];
  const [first, last] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  let ends = 0;
  const silence = onChildChange(() => {
    for (const { pid } of reap()) {
      queue.changed(pid);
      if (++ends === others + 1) last.resolve();
    }
  });
  queue.start(shell("", { argv: [program] }), () => started.push("stuck"));
  // More than are started at a time.
  for (let count = 0; count < others; count++) {
    queue.start(shell("exit 0"), () => {
      started.push("other");
      first.resolve();
    });
  }
  await first.promise;
  assert.ok(!started.includes("stuck"));
  release(file);
  await last.promise;
  silence();
  assert.equal(started.length, others + 1);
  assert.ok(started.includes("stuck"));
});

Deno.test("whoever waits until children have started is not kept by one that takes long, and blocks nobody", async () => {
  using temporary = new TemporaryDirectory();
  const program = join(temporary.path, "program");
  writeFileSync(program, "#!/bin/sh\nexit 0\n");
  chmodSync(program, 0o755);
  const LONG = 60_000;
  assert.equal(queue.settled(LONG), undefined, "nothing is being started");
  const ended = Promise.withResolvers<void>();
  let ends = 0;
  const silence = onChildChange(() => {
    for (const { pid } of reap()) {
      queue.changed(pid);
      if (++ends === 3) ended.resolve();
    }
  });
  const told: string[] = [];
  queue.start(shell("exit 0"), () => told.push("one"));
  queue.start(shell("exit 0"), () => told.push("two"));
  await queue.settled(LONG);
  assert.deepEqual(told.sort(), ["one", "two"]);
  const file = lease(program);
  queue.start(shell("", { argv: [program] }), () => told.push("stuck"));
  const waiting = queue.settled(20);
  assert(waiting);
  let turns = 0;
  const others = setInterval(() => turns++, 1);
  await waiting;
  clearInterval(others);
  assert(turns > 0, "other work had its turn");
  assert.deepEqual(told, ["one", "two"]);
  while (queue.settled(LONG) !== undefined) await new Promise((resolve) => setTimeout(resolve, 1));
  assert.deepEqual(told, ["one", "two"], "what takes long is not waited for any more");
  release(file);
  await ended.promise;
  silence();
  assert.deepEqual(told, ["one", "two", "stuck"]);
});

Deno.test("a child that is stopped before it executes its program still does so when it goes on", async () => {
  using temporary = new TemporaryDirectory();
  const directory = temporary.path;
  const program = join(directory, "program");
  writeFileSync(program, `#!/bin/sh\nexit "$1"\n`);
  chmodSync(program, 0o755);
  const file = lease(program);
  const others = 40;
  let started = 0, ends = 0, exit: unknown;
  const [stopped, all, last] = Array.from({ length: 3 }, () => Promise.withResolvers<void>());
  const silence = onChildChange(() => {
    for (const change of reap()) {
      queue.changed(change.pid);
      if ("stopped" in change) stopped!.resolve();
      if (!("exit" in change)) continue;
      if (change.pid === child) exit = change.exit;
      if (++ends === others) all!.resolve();
      if (ends > others) last!.resolve();
    }
  });
  queue.start(shell("", { argv: [program, "7"] }), () => started++);
  const [child] = childrenOf(process.pid);
  kill(child!, SIGSTOP);
  await stopped!.promise;
  // They would get its place.
  for (let count = 0; count < others; count++) queue.start(shell("exit 0"), () => started++);
  await all!.promise;
  assert.equal(started, others);
  kill(child!, SIGCONT);
  release(file);
  await last!.promise;
  silence();
  assert.equal(started, others + 1);
  assert.deepEqual(exit, { status: 7 });
});

Deno.test("children that have not executed their programs are ended with the process that makes them", async () => {
  using temporary = new TemporaryDirectory();
  const program = join(temporary.path, "program"), mark = join(temporary.path, "mark");
  writeFileSync(program, `#!/bin/sh\n: >> ${mark}\n`);
  chmodSync(program, 0o755);
  const abandoned = new SpawnQueue(), file = lease(program), told: string[] = [];
  // More than are started at a time.
  for (let count = 0; count < 20; count++) {
    abandoned.start(shell("", { argv: [program] }), () => told.push("stuck"));
  }
  const made = childrenOf(process.pid).length;
  const ended = Promise.withResolvers<void>();
  let exits: unknown[] = [];
  const silence = onChildChange(() => {
    exits = [...exits, ...reap().flatMap((change) => "exit" in change ? change.exit : [])];
    if (exits.length === made) ended.resolve();
  });
  abandoned.abandon();
  await ended.promise;
  release(file);
  silence();
  assert.equal(abandoned.count, 0);
  assert(made > 0 && made < 20);
  assert.deepEqual(exits, Array.from({ length: made }, () => ({ signal: SIGKILL })));
  assert.deepEqual([told, existsSync(mark), childrenOf(process.pid)], [[], false, []]);
});

Deno.test("a child that executes its program while others are abandoned is told of, and goes on", async () => {
  using temporary = new TemporaryDirectory();
  const marks = ["first", "second"].map((name) => join(temporary.path, name));
  const program = join(temporary.path, "program");
  writeFileSync(program, `#!/bin/sh\n: >> ${marks[1]}\nexit 7\n`);
  chmodSync(program, 0o755);
  const abandoned = new SpawnQueue(), file = lease(program), told: string[] = [];
  // Nothing else happens in this process meanwhile, as while init is busy.
  const wait = (mark: string) => {
    while (!existsSync(mark)) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1);
  };
  abandoned.start(shell(`: >> ${marks[0]}`), () => {
    told.push("first");
    release(file);
    wait(marks[1]!);
    abandoned.start(shell("exit 0"), () => told.push("third"));
  });
  abandoned.start(shell("", { argv: [program] }), ({ failed }) => told.push(failed?.message ?? "second"));
  wait(marks[0]!);
  const ended = Promise.withResolvers<void>(), exits: unknown[] = [];
  const silence = onChildChange(() => {
    exits.push(...reap().flatMap((change) => "exit" in change ? change.exit : []));
    if (childrenOf(process.pid).length === 0) ended.resolve();
  });
  abandoned.abandon();
  await ended.promise;
  silence();
  assert.deepEqual(told.slice(0, 2), ["first", "second"]);
  assert.deepEqual([abandoned.count, readFileSync(marks[1]!, "utf8")], [0, ""]);
  assert(exits.some((exit) => JSON.stringify(exit) === '{"status":7}'), JSON.stringify(exits));
});

const F_SETLEASE = 1024;

/** Has the kernel keep all waiting who open a file, until {@link release}, at most for about 45 s (fcntl(2)). */
function lease(path: string): number {
  const F_SETSIG = 10, F_WRLCK = 1, SIGURG = 23;
  const file = open(path, O_RDONLY);
  required("choose the signal of a lease", call("fcntl", file, F_SETSIG, SIGURG));
  required("lease a file", call("fcntl", file, F_SETLEASE, F_WRLCK));
  return file;
}

/** Ends {@link lease}. To close the file is not enough: the child that waits has it open, too. */
function release(file: number): void {
  const F_UNLCK = 2;
  required("end a lease", call("fcntl", file, F_SETLEASE, F_UNLCK));
  close(file);
}
