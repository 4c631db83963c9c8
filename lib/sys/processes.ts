/** Children and signals: reaping, adopting orphans, kill. */

import type { Exit } from "../model/exit.ts";
import { ECHILD, EINTR, ESRCH } from "./errno.ts";
import { call, kernel, required } from "./kernel.ts";
import { onSignal } from "./signals.ts";

/** What happened to a child: it ended (and is reaped now), was stopped by a signal, or went on after a stop. */
export type Change =
  | { pid: number; exit: Exit }
  | { pid: number; stopped: number }
  | { pid: number; continued: true };

/**
 * Takes what happened to children since the last call, at most `limit` changes: fewer mean that there is
 * nothing left for now. Never blocks (waitid(2)). `whose`: children of the whole process and orphans that it
 * adopted, or only those that this thread started, where other threads look after theirs.
 */
export function reap(limit = 256, whose: "process" | "thread" = "process"): Change[] {
  const P_ALL = 0, WNOHANG = 1, WSTOPPED = 2, WEXITED = 4, WCONTINUED = 8, __WNOTHREAD = 0x20000000;
  const options = WNOHANG | WSTOPPED | WEXITED | WCONTINUED | (whose === "thread" ? __WNOTHREAD : 0);
  const { address, bytes } = kernel().scratch;
  const changes: Change[] = [];
  while (changes.length < limit) {
    bytes.fill(0, 0, SIGINFO.size);
    const result = call("waitid", P_ALL, 0, address, options);
    if (result === -EINTR) continue;
    if (result === -ECHILD) break;
    required("wait for children", result);
    const pid = bytes.readInt32LE(SIGINFO.pid);
    if (pid === 0) break;
    changes.push(change(pid, bytes.readInt32LE(SIGINFO.code), bytes.readInt32LE(SIGINFO.status)));
  }
  return changes;
}

/** Where siginfo_t(3type) has what waitid(2) fills in. */
const SIGINFO = { size: 128, code: 8, pid: 16, status: 24 };

function change(pid: number, code: number, status: number): Change {
  const CLD_EXITED = 1, CLD_KILLED = 2, CLD_DUMPED = 3, CLD_TRAPPED = 4, CLD_STOPPED = 5;
  switch (code) {
    case CLD_EXITED:
      return { pid, exit: { status } };
    case CLD_KILLED:
      return { pid, exit: { signal: status } };
    case CLD_DUMPED:
      return { pid, exit: { signal: status, core: true } };
    case CLD_TRAPPED:
    case CLD_STOPPED:
      return { pid, stopped: status };
    default:
      return { pid, continued: true };
  }
}

/**
 * Calls the listener after children have changed (SIGCHLD), until the function returned is called. Several
 * changes may bring one call. Keeps the program running.
 */
export function onChildChange(listener: () => void): () => void {
  return onSignal("SIGCHLD", listener);
}

/** Makes orphaned descendants children of this process (prctl(2), PR_SET_CHILD_SUBREAPER). Throws {@link SystemError}. */
export function setChildSubreaper(): void {
  const PR_SET_CHILD_SUBREAPER = 36;
  required("become a child subreaper", call("prctl", PR_SET_CHILD_SUBREAPER, 1));
}

/** Names this process (its main thread), as ps(1) and /proc/PID/comm show it; 15 bytes of the name count. */
export function setProcessName(name: string): void {
  const PR_SET_NAME = 15;
  required("name the process", call("prctl", PR_SET_NAME, name));
}

/**
 * Sends a signal to a process, or with a negative pid to a process group. False when there is none such.
 * Throws {@link SystemError} for any other reason. Signal 0 only asks.
 */
export function kill(pid: number, signal: number): boolean {
  const result = call("kill", pid, signal);
  return result !== -ESRCH && required(`send signal ${signal} to ${pid}`, result) === 0;
}

/** The process group that a process is in, 0 being this one; undefined when there is no such process. */
export function processGroup(pid: number): number | undefined {
  const group = call("getpgid", pid);
  return group < 0 ? undefined : group;
}
