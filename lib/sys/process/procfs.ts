/** Processes as /proc shows them (proc(5)). */

import { readdirSync, readFileSync } from "node:fs";
import { ifAllowed } from "../call/refused.ts";
import { timeSinceBoot } from "../machine/clock.ts";

/** The status of a process (proc_pid_stat(5)). */
export interface ProcessStatus {
  pid: number;
  /** The program's file name, cut at 15 characters. */
  command: string;
  /** `R`, `S`, `D`, `Z`, `T`, … */
  state: string;
  parent: number;
  processGroup: number;
  session: number;
  /** True when it has called execve(2) since it was forked; else it still runs its parent's program. */
  hasExecuted: boolean;
  /** The processor time in seconds, including that of children that it has waited for. */
  cpuTime: number;
  /** The start in clock ticks since boot. It tells processes apart that had the same pid. */
  startTime: number;
  /** The resident memory in pages ({@link pageSize}), shared pages included. */
  residentPages: number;
}

/** The status of a process; undefined when there is no such process. */
export function processStatus(pid: number): ProcessStatus | undefined {
  const text = contents(`/proc/${pid}/stat`);
  return text === undefined ? undefined : parseStat(pid, text);
}

/** The status in the text of /proc/PID/stat. */
export function parseStat(pid: number, text: string): ProcessStatus {
  // The command stands between brackets and may hold anything, brackets too.
  const end = text.lastIndexOf(")");
  const command = text.slice(text.indexOf("(") + 1, end);
  const [state = "", parent, processGroup, session, ...rest] = text.slice(end + 2).split(" ");
  return {
    pid,
    command,
    state,
    parent: Number(parent),
    processGroup: Number(processGroup),
    session: Number(session),
    hasExecuted: (Number(rest[2]) & PF_FORKNOEXEC) === 0,
    cpuTime: rest.slice(7, 11).reduce((sum, ticks) => sum + Number(ticks), 0) / TICKS_PER_SECOND,
    startTime: Number(rest[15]),
    residentPages: Number(rest[17]),
  };
}

/** The present time as processes' start times have it, in clock ticks since boot. */
export function ticksSinceBoot(): number {
  return Math.floor(timeSinceBoot() / 1000 * TICKS_PER_SECOND);
}

/** The real, the effective and the saved user of a process; none when there is no such process. */
export function usersOf(pid: number): number[] {
  const line = /^Uid:\s+(\d+)\s+(\d+)\s+(\d+)/m.exec(contents(`/proc/${pid}/status`) ?? "");
  return line?.slice(1).map(Number) ?? [];
}

/** The numbers of the capabilities that a process may use (capabilities(7)); none when there is no such process. */
export function capabilitiesOf(pid: number): number[] {
  const [, digits = "0"] = /^CapPrm:\s+([\da-f]+)/m.exec(contents(`/proc/${pid}/status`) ?? "") ?? [];
  const set = BigInt(`0x${digits}`);
  return Array.from({ length: 64 }, (_, number) => number).filter((number) => set >> BigInt(number) & 1n);
}

/** The words of a process's command line; none of a kernel thread or a zombie, or when there is no such process. */
export function commandLineOf(pid: number): string[] {
  return contents(`/proc/${pid}/cmdline`)?.split("\0").slice(0, -1) ?? [];
}

/** How many descriptors a process has open; undefined where that may not be read. */
export function openDescriptors(pid: number): number | undefined {
  return ifAllowed(() => readdirSync(`/proc/${pid}/fd`))?.length;
}

/** The soft limit of a process's open descriptors; undefined where there is none, or it may not be read. */
export function descriptorLimitOf(pid: number): number | undefined {
  const [, digits] = /^Max open files +(\d+)/m.exec(contents(`/proc/${pid}/limits`) ?? "") ?? [];
  return digits === undefined ? undefined : Number(digits);
}

/** The kernel's flag for a process that has not called execve(2). */
const PF_FORKNOEXEC = 0x40;

/** Linux's USER_HZ, the same on x86-64 and aarch64. */
const TICKS_PER_SECOND = 100;

/**
 * The size of a memory page in bytes, as the kernel says (getauxval(3)).
 * @throws {Error} without /proc.
 */
export function pageSize(): number {
  const AT_PAGESZ = 6n;
  const vector = readFileSync("/proc/self/auxv");
  for (let at = 0; at + 16 <= vector.length; at += 16) {
    if (vector.readBigUInt64LE(at) === AT_PAGESZ) return Number(vector.readBigUInt64LE(at + 8));
  }
  return 4096;
}

/**
 * The pids of all processes.
 * @throws {Error} without /proc.
 */
export function processIds(): number[] {
  return readdirSync("/proc").filter((name) => /^\d+$/.test(name)).map(Number);
}

/**
 * All processes, in no particular order.
 * @throws {Error} without /proc.
 */
export function processes(): ProcessStatus[] {
  return processIds().flatMap((pid) => processStatus(pid) ?? []);
}

/** The pids of a process's children, zombies included; none when there is no such process. */
export function childrenOf(pid: number): number[] {
  const threads = ifAllowed(() => readdirSync(`/proc/${pid}/task`));
  if (!threads) return [];
  const lists = threads.map((thread) => contents(`/proc/${pid}/task/${thread}/children`));
  if (lists.some((list) => list !== undefined)) return lists.join("").split(" ").filter(Boolean).map(Number);
  // A kernel without CONFIG_PROC_CHILDREN.
  return processes().filter(({ parent }) => parent === pid).map((status) => status.pid);
}

/** The pids of all descendants of a process, children before grandchildren. */
export function descendantsOf(pid: number): number[] {
  const children = new Map<number, number[]>();
  for (const { pid, parent } of processes()) {
    const siblings = children.get(parent);
    if (siblings) siblings.push(pid);
    else children.set(parent, [pid]);
  }
  const found = [...children.get(pid) ?? []];
  // The list grows while it is walked.
  for (const pid of found) found.push(...children.get(pid) ?? []);
  return found;
}

/** The variables that a process was begun with, as `KEY=VALUE`; none where this user may not know them. */
export function environmentOf(pid: number): string[] {
  return (contents(`/proc/${pid}/environ`) ?? "").split("\0").slice(0, -1);
}

/** The text of a file; undefined when its process is gone (ENOENT, ESRCH) or it may not be read. */
function contents(path: string): string | undefined {
  return ifAllowed(() => readFileSync(path, "utf8"));
}
