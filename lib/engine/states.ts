/**
 * The transition table of an instance (init(5), "JOB STATES"; the states such as `spawning`, in which a spawn is in
 * progress, are Upstart 1.13's). docs/state-machine.md explains it.
 *
 *     goal start:  waiting → starting → security-spawning → security → pre-starting → pre-start
 *                  → spawning → spawned → post-starting → post-start → running
 *     goal stop:   running → pre-stopping → pre-stop → stopping → killed → post-stopping → post-stop → waiting
 *
 * An instance stays in a state until what it waits for has happened: an event is finished (starting, stopping), a
 * process has been spawned (pre-starting, …), has ended (pre-start, post-start, pre-stop, killed, post-stop), or is
 * ready (spawned), or the goal changes (waiting, running). waiting/waits.ts has them all. Then the goal decides which state is next.
 * On the way up, the goal stop leads to `stopping`. On the way down, the goal start lets the stop finish, and starts anew
 * from `post-stop`.
 */

import type { InstanceProcess } from "../model/job.ts";

/** Where an instance is to get. `respawn`: it stops, and starts again, as soon as the process that it waits for has ended. */
export type Goal = "start" | "stop" | "respawn";

/** What a state does on entry, what it waits for, and which states come next. */
export interface StateRow {
  /** The next state under the goal start. */
  start: State;
  /** The next state under the goal stop. */
  stop: State;
  /** The next state under the goal respawn; only where a process may be waited for. On `stopping`, the goal becomes start. */
  respawn?: State;
  /** The event that is emitted on entry. */
  event?: "starting" | "started" | "stopping" | "stopped";
  /** The instance waits until that event is finished: until all that it has started or stopped is there. */
  waitsForEvent?: boolean;
  /** The process that is spawned on entry; without it in the definition the state is passed through. */
  spawns?: InstanceProcess;
  /** The process whose end (for main in `spawned`: readiness) is awaited; without it the state is passed through. */
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

/**
 * The transition table. lifecycle.ts adds: from `running`, the goal stop skips the pre-stop when main has ended; and what
 * leads to `running` leads to `stopping` when main has ended, so that the goal start starts anew.
 */
export const STATES: Readonly<Record<State, StateRow>> = {
  "waiting": { start: "starting", stop: "waiting", event: "stopped" },
  "starting": { start: "security-spawning", stop: "stopping", event: "starting", waitsForEvent: true },
  "security-spawning": { start: "security", stop: "security", respawn: "security", spawns: "security" },
  "security": { start: "pre-starting", stop: "stopping", respawn: "stopping", awaits: "security" },
  "pre-starting": { start: "pre-start", stop: "pre-start", respawn: "pre-start", spawns: "pre-start" },
  "pre-start": { start: "spawning", stop: "stopping", respawn: "stopping", awaits: "pre-start" },
  "spawning": { start: "spawned", stop: "stopping", respawn: "stopping", spawns: "main" },
  "spawned": { start: "post-starting", stop: "stopping", respawn: "stopping", awaits: "main" },
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

/** The names of the states, in the order of the table. */
export const STATE_NAMES = Object.keys(STATES) as State[];

/** The states from one to another, in the order of the table. */
export function statesBetween(first: State, last: State): ReadonlySet<State> {
  return new Set(STATE_NAMES.slice(STATE_NAMES.indexOf(first), STATE_NAMES.indexOf(last) + 1));
}

/** The states in which an instance is up, for those who depend on it. */
export const UP = statesBetween("running", "pre-stop");

/** The states from the event `stopping` to the end. */
export const ON_THE_WAY_DOWN = statesBetween("stopping", "post-stop");
