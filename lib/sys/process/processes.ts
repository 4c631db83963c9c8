/** Processes: reaping children, adopting orphans, sending signals. */

import type { Exit } from "../../model/exit.ts";
import { ECHILD, EINTR, ESRCH } from "../call/errno.ts";
import { call, kernel, required } from "../call/kernel.ts";
import { onSignal } from "./signals.ts";

/** A change of a child's state (waitid(2)): it ended and was reaped, was stopped by a signal, or went on after a stop. */
export type ChildStateChange =
  | { pid: number; exit: Exit }
  | { pid: number; stopped: number }
  | { pid: number; continued: true };

const P_ALL = 0, P_PID = 1;
const WNOHANG = 1, WSTOPPED = 2, WEXITED = 4, WCONTINUED = 8, WNOWAIT = 0x1000000, __WNOTHREAD = 0x20000000;

/**
 * The state changes of children since the last call; ended children are reaped. Does not block (waitid(2)).
 * @param limit How many to give at most; fewer mean that there are no more for now
 * @param whose Children of the whole process with adopted orphans, or only of this thread
 * @param onEnded Called for each child that has ended, before it is reaped: until then nothing else gets its number
 * @throws {SystemError}
 */
export function reap(
  limit = 256,
  whose: "process" | "thread" = "process",
  onEnded?: (pid: number) => void,
): ChildStateChange[] {
  const all = WSTOPPED | WEXITED | WCONTINUED | (whose === "thread" ? __WNOTHREAD : 0);
  const changes: ChildStateChange[] = [];
  while (changes.length < limit) {
    const change = nextChange(P_ALL, 0, onEnded ? all | WNOWAIT : all);
    if (!change) break;
    changes.push(change);
    if (!onEnded) continue;
    const isEnd = "exit" in change;
    if (isEnd) onEnded(change.pid);
    // A child that was stopped may have ended meanwhile: that is the next change.
    nextChange(P_PID, change.pid, all & (isEnd ? ~(WSTOPPED | WCONTINUED) : ~WEXITED));
  }
  return changes;
}

/**
 * How a child has ended, which is reaped then; undefined while it runs. All other children are left to others.
 * @throws {SystemError}
 */
export function reapEnded(pid: number): Exit | undefined {
  const change = nextChange(P_PID, pid, WEXITED);
  return change && "exit" in change ? change.exit : undefined;
}

/** The next change of such a child; undefined when there is none for now. */
function nextChange(type: number, id: number, options: number): ChildStateChange | undefined {
  const { address, bytes } = kernel().scratch;
  for (;;) {
    bytes.fill(0, 0, SIGINFO.size);
    const result = call("waitid", type, id, address, options | WNOHANG);
    if (result === -EINTR) continue;
    if (result === -ECHILD) return undefined;
    required("wait for children", result);
    const pid = bytes.readInt32LE(SIGINFO.pid);
    if (pid === 0) return undefined;
    return change(pid, bytes.readInt32LE(SIGINFO.code), bytes.readInt32LE(SIGINFO.status));
  }
}

/**
 * Blocks until a child has ended, and reaps it. The event loop does not run meanwhile.
 * @throws {SystemError}
 */
export function awaitEnd(pid: number): Exit {
  const { address, bytes } = kernel().scratch;
  for (;;) {
    const result = call("waitid", P_PID, pid, address, WEXITED);
    if (result === -EINTR) continue;
    required(`wait for ${pid}`, result);
    const ended = change(pid, bytes.readInt32LE(SIGINFO.code), bytes.readInt32LE(SIGINFO.status));
    if ("exit" in ended) return ended.exit;
  }
}

/** Where siginfo_t(3type) has what waitid(2) fills in. */
const SIGINFO = { size: 128, code: 8, pid: 16, status: 24 };

function change(pid: number, code: number, status: number): ChildStateChange {
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
 * Calls the listener after state changes of children (SIGCHLD). There may be one call for several changes. Keeps the
 * program running.
 * @returns a function that unsubscribes the listener.
 */
export function onChildChange(listener: () => void): () => void {
  return onSignal("SIGCHLD", listener);
}

/**
 * Makes orphaned descendants children of this process (prctl(2), PR_SET_CHILD_SUBREAPER).
 * @throws {SystemError}
 */
export function setChildSubreaper(): void {
  const PR_SET_CHILD_SUBREAPER = 36;
  required("become a child subreaper", call("prctl", PR_SET_CHILD_SUBREAPER, 1));
}

/**
 * Names this process as ps(1) and /proc/PID/comm show it (prctl(2), PR_SET_NAME). Only 15 bytes of the name count.
 * @throws {SystemError}
 */
export function setProcessName(name: string): void {
  const PR_SET_NAME = 15;
  required("name the process", call("prctl", PR_SET_NAME, name));
}

/**
 * kill(2): sends a signal to a process, or with a negative pid to a process group. Signal 0 only asks.
 * @returns false when there is no such process.
 * @throws {SystemError} for any other reason.
 */
export function kill(pid: number, signal: number): boolean {
  const result = call("kill", pid, signal);
  return result !== -ESRCH && required(`send signal ${signal} to ${pid}`, result) === 0;
}

/** The process group of a process (0: of this one); undefined when there is no such process. */
export function processGroup(pid: number): number | undefined {
  const group = call("getpgid", pid);
  return group < 0 ? undefined : group;
}
