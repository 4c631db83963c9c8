/** The interface of a teardown: how init stops all jobs and exits. */

import type { SavedDeadline } from "../parts/deadline.ts";
import type { Part } from "../parts/part.ts";

/** Who asks init to exit: a signal or a runlevel, a client (`EndSession`), or a job whose end ends init. */
export type Requester = "shutdown" | "logout" | "job";

/** What is waited for: jobs at a session's end, the jobs' processes, all others, those that were killed; or nothing. */
export type TeardownPhase = "session-end" | "jobs" | "others" | "killed" | "done";

/** What is saved of a teardown. */
export interface SavedTeardown {
  /** How often it was asked for: 0 before it has begun. */
  requests: number;
  phase: TeardownPhase;
  timeLeft: SavedDeadline;
}

/** The teardown of an init. */
export interface Teardown extends Part<SavedTeardown> {
  /** Begins the teardown. Another request may shorten the time that is left for it. */
  begin(requester: Requester): void;
  /** To be called whenever a process has exited and no job has one any more. */
  check(): void;
}
