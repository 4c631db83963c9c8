/** The states of OpenRC's services. */

/** What a service is doing. */
export type ServiceState = "stopped" | "started" | "starting" | "stopping" | "inactive";

/**
 * What else is known of a service:
 * - `wasinactive`: it was inactive before it began to start or stop
 * - `hotplugged`: a device started it
 * - `failed`: it did not start or stop while a runlevel was entered or left
 * - `scheduled`: it is to be started when another one is
 */
export type ServiceMark = "wasinactive" | "hotplugged" | "failed" | "scheduled";

/** The directories of states. One that stands later counts where a service is in several: it is on its way between two. */
export const STATE_DIRECTORIES = ["started", "starting", "stopping", "inactive"] as const;

/** The directories of links that are no states of their own. */
export const MARK_DIRECTORIES = ["wasinactive", "hotplugged", "failed"] as const;

/** What a script's `status` ends with (openrc-run(8)). */
export const STATUS_EXITS = {
  started: 0,
  stopped: 3,
  stopping: 4,
  starting: 8,
  inactive: 16,
  crashed: 32,
  unsupervised: 64,
} as const;
