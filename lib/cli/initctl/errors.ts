/** The errors of initctl, as `--json` has them. */

import { UsageError } from "../../model/command_line/usage_error.ts";

/** The names of the errors that are initctl's own; those of init have D-Bus's names. */
const PREFIX = "org.rouse.Error.";

/** There is no connection to an init. */
export class ConnectionError extends Error {
  override name = `${PREFIX}NoConnection`;
}

/** An error as an object: see docs/schema/error.json. */
export function errorAsData(error: Error): { error: { name: string; message: string } } {
  return { error: { name: nameOf(error), message: error.message } };
}

/** By the name alone: chunks have classes of their own. */
function nameOf(error: Error): string {
  if (error.name.includes(".")) return error.name;
  return `${PREFIX}${error instanceof UsageError ? "Usage" : "Failed"}`;
}
