/** Children and signals: reaping, subreaper, kill. */

import type { Exit } from "../model/exit.ts";

/** What happened to a child: it ended (and is reaped now), was stopped by a signal, or went on after a stop. */
export type Change =
  | { pid: number; exit: Exit }
  | { pid: number; stopped: number }
  | { pid: number; continued: true };

/**
 * Takes what happened to children since the last call, at most `limit` changes (default 256): fewer mean that
 * there is nothing left for now. Never blocks (waitid(2) with P_ALL, WEXITED, WSTOPPED, WCONTINUED, WNOHANG).
 */
export function reap(_limit = 256): Change[] {
  throw new Error("not yet");
}

/** Calls the listener after children have changed (SIGCHLD) until the function returned is called; several changes may bring one call. */
export function onChildChange(_listener: () => void): () => void {
  throw new Error("not yet");
}

/** Makes orphaned descendants children of this process (PR_SET_CHILD_SUBREAPER). */
export function setChildSubreaper(): void {
  throw new Error("not yet");
}

/** Sends a signal to a process, or with a negative pid to a process group. False: there is none such (ESRCH). Throws SystemError. */
export function kill(_pid: number, _signal: number): boolean {
  throw new Error("not yet");
}
