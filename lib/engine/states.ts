/**
 * The life of an instance, as a table (init(5), "JOB STATES"; Upstart 1.13 has the states that end in `-ing`,
 * in which a process is on its way).
 *
 *     goal start:  waiting → starting → security-spawning → security → pre-starting → pre-start
 *                  → spawning → spawned → post-starting → post-start → running
 *     goal stop:   running → pre-stopping → pre-stop → stopping → killed → post-stopping → post-stop → waiting
 *
 * An instance rests in a state until what it waits for has happened: an event is over (starting, stopping), a
 * process has been spawned (pre-starting, …), has ended (pre-start, post-start, pre-stop, killed, post-stop)
 * or is ready (spawned), or somebody asks for the other goal (waiting, running). Then the goal decides what
 * is next. On the way up, the goal stop leads to `stopping` from wherever the instance is; on the way down, the
 * goal start lets the stop finish and begins anew from `post-stop`.
 */

import type { InstanceProcess } from "../model/job.ts";

/** What an instance is on its way to. `respawn`: main died during a hook, and is started again after it. */
export type Goal = "start" | "stop" | "respawn";

/** What waits for what in a state before the next one. */
export interface StateRow {
  /** The next state under the goal start. */
  start: State;
  /** The next state under the goal stop. */
  stop: State;
  /** The next state under the goal respawn, which turns into the goal start; only where a hook may be running. */
  respawn?: State;
  /** The event that is emitted on entry. */
  event?: "starting" | "started" | "stopping" | "stopped";
  /** The instance stays until that event, and all that it set off, is over. */
  waitsForEvent?: boolean;
  /** The process that is spawned on entry; without it in the definition the state is passed through. */
  spawns?: InstanceProcess;
  /** The process whose end (for main in `spawned`: readiness) is awaited; passed through without it. */
  awaits?: InstanceProcess;
}

export type State =
  | "waiting"
  | "starting"
  | "security-spawning"
  | "security"
  | "pre-starting"
  | "pre-start"
  | "spawning"
  | "spawned"
  | "post-starting"
  | "post-start"
  | "running"
  | "pre-stopping"
  | "pre-stop"
  | "stopping"
  | "killed"
  | "post-stopping"
  | "post-stop";

/** The transition table. `running` under the goal stop skips the pre-stop when main is gone: see lifecycle.ts. */
export const STATES: Readonly<Record<State, StateRow>> = {
  "waiting": { start: "starting", stop: "waiting", event: "stopped" },
  "starting": { start: "security-spawning", stop: "stopping", event: "starting", waitsForEvent: true },
  "security-spawning": { start: "security", stop: "security", spawns: "security" },
  "security": { start: "pre-starting", stop: "stopping", awaits: "security" },
  "pre-starting": { start: "pre-start", stop: "pre-start", spawns: "pre-start" },
  "pre-start": { start: "spawning", stop: "stopping", awaits: "pre-start" },
  "spawning": { start: "spawned", stop: "stopping", spawns: "main" },
  "spawned": { start: "post-starting", stop: "stopping", awaits: "main" },
  "post-starting": { start: "post-start", stop: "post-start", respawn: "post-start", spawns: "post-start" },
  "post-start": { start: "running", stop: "stopping", respawn: "stopping", awaits: "post-start" },
  "running": { start: "stopping", stop: "pre-stopping", event: "started" },
  "pre-stopping": { start: "pre-stop", stop: "pre-stop", respawn: "pre-stop", spawns: "pre-stop" },
  "pre-stop": { start: "running", stop: "stopping", respawn: "stopping", awaits: "pre-stop" },
  "stopping": { start: "killed", stop: "killed", event: "stopping", waitsForEvent: true },
  "killed": { start: "post-stopping", stop: "post-stopping", awaits: "main" },
  "post-stopping": { start: "post-stop", stop: "post-stop", spawns: "post-stop" },
  "post-stop": { start: "starting", stop: "waiting", awaits: "post-stop" },
};
