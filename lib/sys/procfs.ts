/** What /proc knows of processes (proc(5)). */

import { readdirSync, readFileSync } from "node:fs";

/** A process as its `stat` file tells it. */
export interface ProcessStatus {
  pid: number;
  /** The program's file name, cut at 15 characters. */
  command: string;
  /** `R`, `S`, `D`, `Z`, `T`, … */
  state: string;
  parent: number;
  processGroup: number;
  session: number;
  /** Seconds of processor time, with that of children that it has waited for. */
  cpuTime: number;
  /** Clock ticks since boot; with the pid it tells processes apart that had the same pid. */
  startTime: number;
  /** Memory pages that are in use ({@link pageSize}), those shared with others among them. */
  residentPages: number;
}

/** The status of a process; undefined when it is gone. */
export function processStatus(pid: number): ProcessStatus | undefined {
  const text = contents(`/proc/${pid}/stat`);
  if (text === undefined) return undefined;
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
    cpuTime: rest.slice(7, 11).reduce((sum, ticks) => sum + Number(ticks), 0) / TICKS_PER_SECOND,
    startTime: Number(rest[15]),
    residentPages: Number(rest[17]),
  };
}

/** Linux's USER_HZ, the same on x86-64 and aarch64. */
const TICKS_PER_SECOND = 100;

/** The size of a memory page in bytes, by the word of the kernel (getauxval(3)). */
export function pageSize(): number {
  const AT_PAGESZ = 6n;
  const vector = readFileSync("/proc/self/auxv");
  for (let at = 0; at + 16 <= vector.length; at += 16) {
    if (vector.readBigUInt64LE(at) === AT_PAGESZ) return Number(vector.readBigUInt64LE(at + 8));
  }
  return 4096;
}

/** The pids of all processes. */
export function processIds(): number[] {
  return readdirSync("/proc").filter((name) => /^\d+$/.test(name)).map(Number);
}

/** All processes, in no particular order. */
export function processes(): ProcessStatus[] {
  return processIds().flatMap((pid) => processStatus(pid) ?? []);
}

/** The pids of a process's children, zombies among them; none when it is gone. */
export function childrenOf(pid: number): number[] {
  let threads: string[];
  try {
    threads = readdirSync(`/proc/${pid}/task`);
  } catch {
    return [];
  }
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

/** The text of a file; undefined when its process is gone (ENOENT, ESRCH) or it may not be read. */
function contents(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}
