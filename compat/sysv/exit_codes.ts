/** The exit statuses of init scripts, as the LSB has them: what each means, for `status` and for all other actions. */

/** Statuses of `start`, `stop`, `restart`, `reload` and the like. */
export const ACTION_EXIT = {
  success: 0,
  failed: 1,
  wrongArguments: 2,
  notImplemented: 3,
  notPermitted: 4,
  notInstalled: 5,
  notConfigured: 6,
  notRunning: 7,
} as const;

/** Statuses of `status`. */
export const STATUS_EXIT = {
  running: 0,
  deadWithPidFile: 1,
  deadWithLockFile: 2,
  stopped: 3,
  unknown: 4,
} as const;

const ACTION_WORDS: readonly string[] = [
  "success",
  "it failed",
  "invalid or excess arguments",
  "the action is not implemented",
  "it is not permitted to this user",
  "the program is not installed",
  "the program is not configured",
  "the program is not running",
];

const STATUS_WORDS: readonly string[] = [
  "running",
  "dead, and its pid file is still there",
  "dead, and its lock file is still there",
  "not running",
  "unknown",
];

/** Statuses without a meaning for all, by the last of each range. */
const RANGES: ReadonlyArray<readonly [last: number, words: string]> = [
  [99, "a status that the LSB keeps for later"],
  [149, "a status of the distribution's own"],
  [199, "a status of the application's own"],
  [254, "a status that the LSB keeps for later"],
];

/** What the exit status of any action but `status` says, such as `the program is not installed`. */
export function actionWords(exit: number): string {
  return ACTION_WORDS[exit] ?? rangeWords(exit);
}

/** What the exit status of `status` says of the service, such as `not running`. */
export function statusWords(exit: number): string {
  return STATUS_WORDS[exit] ?? rangeWords(exit);
}

function rangeWords(exit: number): string {
  return RANGES.find(([last]) => exit <= last)?.[1] ?? "a status that the LSB does not know";
}
