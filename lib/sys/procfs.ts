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
  /** Clock ticks since boot; with the pid it tells processes apart that had the same pid. */
  startTime: number;
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
    startTime: Number(rest[15]),
  };
}

/** All processes, in no particular order. */
export function processes(): ProcessStatus[] {
  const pids = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  return pids.map((pid) => processStatus(Number(pid))).filter((status) => status !== undefined);
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

/** All processes of a session. */
export function processesOfSession(session: number): ProcessStatus[] {
  return processes().filter((status) => status.session === session);
}

/** The text of a file; undefined when its process is gone (ENOENT, ESRCH) or it may not be read. */
function contents(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}
