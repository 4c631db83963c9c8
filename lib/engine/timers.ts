/** The timers of the engine. Each has one purpose, for an instance or for the engine itself. */

import type { Instance } from "./instance.ts";

/**
 * What the timers of an instance are for; it has at most one for each.
 *
 * - `kill-timeout`: the main process gets SIGKILL.
 * - `fork-bound`: a main process that has not forked as often as `expect` says is taken for the service.
 * - `start-delay`: the instance waits in `post-stop`, and starts again.
 * - `pid-file`: the pid file has not named the service's process.
 * - `watchdog`: the service has given no sign of life for too long, and gets SIGABRT.
 * - `watchdog-kill`: it has survived that, and gets SIGKILL.
 * - `start-timeout`: the start has taken too long.
 * - `hook-bound`: a hook has run for long.
 * - `hook-kill`: a hook that was told to end gets SIGKILL.
 * - `leftovers`: init looks again whether a main process has left others behind.
 * - `left-behind`: it looks again whether an init script has left its service behind.
 */
export const INSTANCE_TIMERS = [
  "kill-timeout",
  "fork-bound",
  "start-delay",
  "pid-file",
  "watchdog",
  "watchdog-kill",
  "start-timeout",
  "hook-bound",
  "hook-kill",
  "leftovers",
  "left-behind",
] as const;
export type InstanceTimerPurpose = (typeof INSTANCE_TIMERS)[number];

/**
 * What the engine's own timers are for; it has at most one for each.
 *
 * - `dispatch`: the events that were too many for one input are dispatched.
 * - `delayed-starts`: the delayed starts of jobs that start themselves in a loop are tried again.
 */
export const ENGINE_TIMERS = ["dispatch", "delayed-starts"] as const;
export type EngineTimerPurpose = (typeof ENGINE_TIMERS)[number];

interface SetTimer<Purpose> {
  purpose: Purpose;
  /** Its number in effects and inputs. */
  number: number;
  /** When it expires (ms, by the clock of {@link Time.monotonic}). */
  deadline: number;
}

/** A timer of an instance that is set. */
export interface InstanceTimer extends SetTimer<InstanceTimerPurpose> {
  instance: Instance;
}

/** A timer of the engine itself that is set. */
export type EngineTimer = SetTimer<EngineTimerPurpose>;
