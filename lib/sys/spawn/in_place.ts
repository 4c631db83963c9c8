/** Another program in this process, which gets what a child's description says: its number stays the same. */

import { kernel } from "../call/kernel.ts";
import { restoreDescriptorLimit } from "../process/limits.ts";
import { defaultAction } from "../process/signals.ts";
import { failureOf, PreparedChild, type SpawnDescription, type SpawnFailure } from "./spawn.ts";

/** The signal that the runtimes ignore, and no program expects to be ignored. */
const SIGPIPE = 13;

/**
 * Executes a program in place of this one. A file without a known format is not run by the shell.
 * @returns only when it fails. The steps until then have been done, so there is little else to do than to say so and end.
 */
export function becomeProgram(description: SpawnDescription): SpawnFailure {
  restoreDescriptorLimit();
  defaultAction(SIGPIPE);
  const child = new PreparedChild(undefined, true);
  try {
    child.describe(description);
  } catch (error) {
    return failureOf(error).failed!;
  }
  kernel().run(child.first);
  const outcome = child.outcome(0);
  if ("next" in outcome) return { ...NO_FORMAT, subject: ` ${description.argv[0]}` };
  return outcome.failed!;
}

/** The failure for a file that the kernel cannot execute. */
const NO_FORMAT = {
  step: "execute",
  errno: 8,
  code: "ENOEXEC",
  message: "unable to execute: Exec format error",
} as const;
