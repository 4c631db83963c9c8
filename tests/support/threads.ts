/** What the threads of a process do, as proc(5) shows it: whether they sleep, and what will wake them. */

import { Buffer } from "node:buffer";
import { closeSync, existsSync, openSync, readdirSync, readSync } from "node:fs";
import process from "node:process";
import { pause, until } from "./deadline.ts";
import { numbersIn, parentOf, procFile } from "./processes.ts";

/** True where the kernel tells in which system call a thread sleeps. */
export const SLEEP_VISIBLE = existsSync("/proc/self/syscall");

/** How a system call that sleeps is told how long: not at all, in milliseconds, or by the address of a timespec. */
type Limit = "none" | { milliseconds: number } | { timespec: number };

/** By their numbers, the system calls that an init may rest in; numbers in a limit are positions of arguments. */
const SLEEPING: Record<string, Record<number, Limit>> = {
  x64: {
    0: "none", // read
    202: { timespec: 3 }, // futex
    281: { milliseconds: 3 }, // epoll_pwait
    441: { timespec: 3 }, // epoll_pwait2
  },
  arm64: {
    63: "none",
    98: { timespec: 3 },
    22: { milliseconds: 3 },
    441: { timespec: 3 },
  },
};

/** A thread that sleeps for longer rests: timers of a month are there to keep an event loop alive. */
const HOUR = 3_600_000;

/** The numbers of a process's threads. */
function threadsOf(pid: number): number[] {
  return readdirSync(`/proc/${pid}/task`).map(Number);
}

/** The names of a process's threads. */
export function threadNames(pid: number): string[] {
  return threadsOf(pid).map((thread) => procFile(pid, `task/${thread}/comm`).trim());
}

/** How often each thread has gone to sleep: a thread that is woken adds one. */
export function sleeps(pid: number): number[] {
  return threadsOf(pid).map((thread) =>
    Number(/^voluntary_ctxt_switches:\s+(\d+)$/m.exec(procFile(pid, `task/${thread}/status`))?.[1])
  );
}

/** True when no thread of a process will wake by itself for so many milliseconds. */
function rests(pid: number, time: number): boolean {
  const before = sleeps(pid);
  const rest = threadsOf(pid).every((thread) => sleepOf(pid, thread) >= time);
  // What was read of a thread that woke meanwhile does not go together.
  return rest && String(before) === String(sleeps(pid));
}

/**
 * Waits until nobody does anything any more: all threads of these processes sleep, and none has run since the look
 * before. A `sleep` and the shell that waits for it do nothing. Where that does not come, it is waited for no longer
 * than some seconds.
 */
export async function untilStill(processes: () => number[]): Promise<void> {
  const deadline = performance.now() + 10_000;
  let before: string | undefined;
  while (performance.now() < deadline) {
    const now = lookAt(processes());
    if (now !== undefined && now === before) return;
    before = now;
    await pause(20);
  }
}

/** What tells whether a thread of these processes has run; undefined when one runs. */
function lookAt(pids: number[]): string | undefined {
  const sleeping = pids.filter((pid) => procFile(pid, "comm") === "sleep\n");
  const idle = new Set([...sleeping, ...sleeping.map(parentOf)]);
  const threads = pids.filter((pid) => !idle.has(pid)).flatMap((pid) =>
    numbersIn(`/proc/${pid}/task`).map((thread) => procFile(pid, `task/${thread}/status`))
  );
  if (!threads.every((status) => /^State:\s+[STZ]/m.test(status))) return undefined;
  return threads.flatMap((status) => status.match(/^(?:Pid|\w*ctxt_switches):\s+\d+$/gm) ?? []).join();
}

/** Waits until no thread of a process will wake by itself for so many milliseconds, or ever. */
export async function untilRests(pid: number, time = HOUR): Promise<void> {
  try {
    await until(`process ${pid} rests`, () => rests(pid, time), 30_000);
  } catch (error) {
    const calls = threadsOf(pid).map((thread) =>
      `for ${sleepOf(pid, thread)} ms: ${procFile(pid, `task/${thread}/syscall`)}`
    );
    throw new Error(`${(error as Error).message}; its threads are in:\n${calls.join("")}`);
  }
}

/** How long a thread is going to sleep, in milliseconds; 0 when it runs. */
function sleepOf(pid: number, thread: number): number {
  const [call, ...args] = procFile(pid, `task/${thread}/syscall`).trim().split(" ");
  const limit = SLEEPING[process.arch]?.[Number(call)];
  if (limit === undefined) return 0;
  if (limit === "none") return Infinity;
  if ("milliseconds" in limit) {
    const milliseconds = Number(BigInt.asIntN(32, BigInt(args[limit.milliseconds]!)));
    return milliseconds < 0 ? Infinity : milliseconds;
  }
  const address = Number(args[limit.timespec]);
  return address === 0 ? Infinity : timespecAt(pid, address);
}

/** A timespec in a process's memory, in milliseconds; 0 when the process has gone. */
function timespecAt(pid: number, address: number): number {
  const bytes = Buffer.alloc(16);
  try {
    const memory = openSync(`/proc/${pid}/mem`, "r");
    try {
      readSync(memory, bytes, 0, bytes.length, address);
    } finally {
      closeSync(memory);
    }
  } catch {
    return 0;
  }
  return Number(bytes.readBigInt64LE(0)) * 1000 + Number(bytes.readBigInt64LE(8)) / 1e6;
}
