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

/** What an exit status of an action other than `status` means; undefined for one that has no meaning of its own. */
export function actionExitInWords(status: number): string | undefined {
  return ACTION_EXITS[status];
}
