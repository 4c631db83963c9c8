/** Tests of reaping. It reaps all children of the process, so they need a process of their own: see runtimes_test.ts. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import process from "node:process";
import { SIGCONT, SIGKILL, SIGSTOP, SIGTERM } from "../../model/signals.ts";
import { close, pipe } from "../io/descriptors.ts";
import { call } from "../call/kernel.ts";
import { type ChildStateChange, kill, onChildChange, reap, setChildSubreaper } from "../process/processes.ts";
import { childrenOf } from "../process/procfs.ts";
import { spawn } from "../spawn/spawn.ts";
import { readToEnd, shell } from "./children.ts";

/** Collects changes as SIGCHLD tells of them, until there are enough of them. */
function changes(count: number, onChange: () => void = () => {}): Promise<ChildStateChange[]> {
  const all: ChildStateChange[] = [];
  return new Promise((resolve) => {
    const silence = onChildChange(() => {
      all.push(...reap());
      onChange();
      if (all.length < count) return;
      silence();
      resolve(all);
    });
  });
}

function start(script: string): number {
  const { pid, failed } = spawn(shell(script, { newSession: true }));
  assert.equal(failed, undefined);
  return pid!;
}

/** Waits until a child has ended and leaves it a zombie. */
function waitForZombie(pid: number): void {
  const P_PID = 1, WEXITED = 4, WNOWAIT = 0x1000000;
  assert.equal(call("waitid", P_PID, pid, 0, WEXITED | WNOWAIT), 0);
}

Deno.test("exit statuses and deadly signals are told", async () => {
  const told = changes(3);
  const expected = [
    { pid: start("exit 0"), exit: { status: 0 } },
    { pid: start("exit 255"), exit: { status: 255 } },
    { pid: start("kill -TERM $$"), exit: { signal: SIGTERM } },
  ];
  assert.deepEqual((await told).sort((one, other) => one.pid - other.pid), expected);
});

Deno.test("stops and continuations are told", async () => {
  const pid = start("exec sleep 1000");
  for (
    const [signal, change] of [
      [SIGSTOP, { pid, stopped: SIGSTOP }],
      [SIGCONT, { pid, continued: true }],
      [SIGKILL, { pid, exit: { signal: SIGKILL } }],
    ] as const
  ) {
    const told = changes(1);
    assert.equal(kill(pid, signal), true);
    assert.deepEqual(await told, [change]);
  }
  assert.equal(kill(pid, SIGKILL), false);
});

Deno.test("of a thousand children none is lost and none stays a zombie", async () => {
  const pids = new Set<number>();
  const more = () => {
    while (pids.size < 1000 && childrenOf(process.pid).length < 20) pids.add(start("exit 0"));
  };
  const told = changes(1000, more);
  more();
  const all = await told;
  assert.deepEqual(new Set(all.map(({ pid }) => pid)), pids);
  assert.equal(all.length, 1000);
  assert.deepEqual(childrenOf(process.pid), []);
});

Deno.test("no more than the limit is taken at once, and nothing is waited for", () => {
  const pids = ["exit 0", "exit 0", "exit 0"].map(start);
  pids.forEach(waitForZombie);
  const sleeper = start("exec sleep 1000");
  assert.equal(reap(2).length, 2);
  assert.equal(reap(2).length, 1);
  assert.deepEqual(reap(2), []);
  kill(sleeper, SIGKILL);
  waitForZombie(sleeper);
  assert.deepEqual(reap(), [{ pid: sleeper, exit: { signal: SIGKILL } }]);
  assert.deepEqual(reap(), []);
});

Deno.test("a child that has ended is told of while it still has its number; other changes are not", async () => {
  const first = start("exit 3"), second = start("kill -STOP $$; exit 4"), told: number[] = [];
  waitForZombie(first);
  const isStopped = () => readFileSync(`/proc/${second}/stat`, "latin1").includes(") T ");
  while (!isStopped()) await new Promise((resolve) => setTimeout(resolve, 1));
  const onEnded = (pid: number) => {
    assert.equal(kill(pid, 0), true);
    told.push(pid);
  };
  const byNumber = (all: ChildStateChange[]) => all.sort((one, other) => one.pid - other.pid);
  const expected = [{ pid: first, exit: { status: 3 } }, { pid: second, stopped: SIGSTOP }];
  assert.deepEqual(byNumber(reap(256, "process", onEnded)), byNumber(expected));
  assert.deepEqual(told, [first]);
  assert.equal(kill(first, 0), false);
  kill(second, SIGCONT);
  waitForZombie(second);
  assert.deepEqual(reap(256, "process", onEnded), [{ pid: second, exit: { status: 4 } }]);
  assert.deepEqual(told, [first, second]);
});

Deno.test("a child that fails before its program leaves nothing to reap", () => {
  for (const part of [{ chdir: "/nonexistent" }, { argv: ["/nonexistent"] }]) {
    assert.ok(spawn(shell("", part)).failed);
    assert.deepEqual(childrenOf(process.pid), []);
    assert.deepEqual(reap(), []);
  }
});

Deno.test("a subreaper gets orphans, and a process group is killed as one", async () => {
  setChildSubreaper();
  const { reader, writer } = pipe();
  const script = "sleep 1000 & echo $!";
  const told = changes(1);
  const { pid } = spawn(shell(script, { descriptors: { 1: writer }, newSession: true }));
  close(writer);
  const ended = await told;
  assert.deepEqual(ended, [{ pid, exit: { status: 0 } }]);
  const [orphan] = childrenOf(process.pid);
  assert.ok(orphan !== undefined && orphan !== pid);
  const killed = changes(1);
  assert.equal(kill(-pid!, SIGKILL), true);
  assert.deepEqual(await killed, [{ pid: orphan, exit: { signal: SIGKILL } }]);
  assert.equal(await readToEnd(reader), `${orphan}\n`);
  assert.equal(kill(-pid!, 0), false);
});
