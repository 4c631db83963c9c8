/** The names of the events that init emits, and the programs that come with it. */

import { JOB_EVENTS } from "./condition.ts";

/** The events that every init emits by itself. */
export const INIT_EVENTS: readonly string[] = [
  "startup",
  "control-alt-delete",
  "keyboard-request",
  "power-status-changed",
  "gave-up",
  ...JOB_EVENTS,
  "unhealthy",
  "healthy",
];

/** The event that a user's init emits as the session ends. */
export const SESSION_EVENT = "session-end";

/** The event by which telinit and shutdown change the runlevel. */
export const RUNLEVEL_EVENT = "runlevel";

/**
 * The events by which the init scripts of a runlevel are started and stopped, where they are jobs. `rc-prepare` comes before
 * `rc-stop`, for scripts that have nothing but a stop.
 */
export const RC_EVENTS = { prepare: "rc-prepare", stop: "rc-stop", start: "rc-start" } as const;

/** The events that init emits, or one of the programs that come with it. */
export const EMITTED_EVENTS: readonly string[] = [
  ...INIT_EVENTS,
  RUNLEVEL_EVENT,
  ...Object.values(RC_EVENTS),
];
