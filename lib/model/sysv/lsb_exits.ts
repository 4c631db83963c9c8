/** The exit statuses of init scripts in words, as the Linux Standard Base has them (Core, "Init Script Actions"). */

/** Of all actions but `status`. */
const ACTION_EXITS: readonly string[] = [
  "success",
  "generic or unspecified error",
  "invalid or excess arguments",
  "unimplemented feature",
  "insufficient privilege",
  "program is not installed",
  "program is not configured",
  "program is not running",
];

/** Of `status`. */
const STATUS_EXITS: readonly string[] = [
  "running",
  "dead, and its pid file is still there",
  "dead, and its lock file is still there",
  "not running",
  "unknown",
];

/**
 * What init says of a service whose main process was killed or has failed, while others of its processes run on. Only its
 * script can tell then whether it still serves.
 */
export const PARTIAL_NOTE = "its main process is gone, and others of its processes run on";

/** The exit statuses that programs of ours give for an action. */
export const ACTION_EXIT = { success: 0, failed: 1, notPermitted: 4 } as const;

/** The exit statuses of `status`. */
export const STATUS_EXIT = {
  running: 0,
  deadWithPidFile: 1,
  deadWithLockFile: 2,
  notRunning: 3,
  unknown: 4,
} as const;

/** What an exit status of an action other than `status` means; undefined for one that has no meaning of its own. */
export function actionExitInWords(status: number): string | undefined {
  return ACTION_EXITS[status];
}

/** What an exit status of `status` means; undefined for one that has no meaning of its own. */
export function statusExitInWords(status: number): string | undefined {
  return STATUS_EXITS[status];
}

/** The exit status whose meaning stands in parentheses in a message, as {@link actionExitInWords} has it. */
export function actionExitIn(message: string): number | undefined {
  const status = ACTION_EXITS.findIndex((words) => message.includes(`(${words})`));
  return status < 0 ? undefined : status;
}
