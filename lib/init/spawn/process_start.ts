/** The start of a job's process: it is described, spawned, and its outcome reported. */

import { isOfShortage, isShortage } from "../../sys/call/errno.ts";
import { explain, type SpawnFailure, type SpawnResult } from "../../sys/spawn/spawn.ts";
import { isFault } from "../../sys/call/fault.ts";
import type { JobDefinition } from "../../model/job.ts";
import type { ProcessOutput } from "../logs/process_output.ts";
import {
  type DescribedProcess,
  describeProcess,
  type ProcessContext,
  type ProcessRequest,
  Refusal,
  reportsAsUpstart,
} from "./process_description.ts";

/** The exit statuses of a shell for a command that does not exist, and for one that cannot be executed. */
const NOT_FOUND = 127, NOT_EXECUTABLE = 126;

/** The outcome: the process runs, or could not be started, or is not needed here. */
export type StartOutcome =
  | { pid: number; output: ProcessOutput }
  | StartFailure
  | { skipped: true };

/** The reason why a process does not run. */
interface StartFailure {
  /** Follows "Failed to spawn web main process: ". */
  reason: string;
  /** The exit status that a shell would have. */
  status?: number;
  /** True: the system, or init, has run out of something, so that another attempt may succeed. */
  isTemporary: boolean;
  /** True: the reason is also for the client that asked for the start. */
  isForCaller: boolean;
}

/**
 * Starts a process of a job. Of a process that was not started nothing is left.
 *
 * @param done Called once with the outcome, which may be at once. Only its own errors are thrown.
 * @param onFault Receives exceptions of init's own code. The outcome is then a failure for an internal error.
 * @param onFork Called with the process's number before it does anything.
 */
export function startProcess(
  request: ProcessRequest,
  context: ProcessContext,
  done: (outcome: StartOutcome) => void,
  onFault: (error: unknown) => void,
  onFork?: (pid: number) => void,
): void {
  /** Functions that close what init has open for the child alone. */
  const cleanups: Array<() => void> = [];
  const finish = (outcome: StartOutcome) => {
    for (const cleanUp of cleanups) {
      try {
        cleanUp();
      } catch (error) {
        onFault(error);
      }
    }
    done(outcome);
  };
  let described: DescribedProcess | undefined;
  try {
    described = describeProcess(request, context, cleanups);
  } catch (error) {
    if (isFault(error)) onFault(error);
    return finish(failureOf(error));
  }
  if (!described) return finish({ skipped: true });
  const { description, output } = described;
  const { definition } = request;
  context.spawner.start(description, ({ pid, failed }: SpawnResult) => {
    if (failed?.fault !== undefined) onFault(failed.fault);
    if (failed) cleanups.push(() => output.ended());
    finish(failed ? spawnFailure(failed, definition) : { pid, output });
  }, onFork);
}

/** The reason where a fault of init's own keeps a process from being started. Its log has the rest. */
export const INTERNAL_ERROR = "internal error";

/** The failure of a process that could not even be described. */
function failureOf(error: unknown): StartFailure {
  if (isFault(error)) return { reason: INTERNAL_ERROR, isTemporary: false, isForCaller: true };
  const isForCaller = !(error instanceof Refusal) || error.isForCaller;
  const reason = error instanceof Error ? error.message : String(error);
  return { reason, isTemporary: isOfShortage(error), isForCaller };
}

function spawnFailure(failed: SpawnFailure, definition: JobDefinition): StartFailure {
  if (failed.fault !== undefined) return { reason: INTERNAL_ERROR, isTemporary: false, isForCaller: true };
  const { step, code, message } = failed;
  const isMissing = step === "execute" && code === "ENOENT";
  const isPlain = reportsAsUpstart(definition) && hasUpstartMessage(step);
  return {
    reason: isPlain ? message : explain(failed),
    status: isMissing ? NOT_FOUND : NOT_EXECUTABLE,
    isTemporary: isShortage(code),
    // For a missing program of a classic file, Upstart has the reason in its messages alone. Where the program exists and
    // something else is missing, such as its interpreter, the client gets the reason, too.
    isForCaller: !isPlain && !(reportsAsUpstart(definition) && isMissing && failed.cause === undefined),
  };
}

/** True for steps whose failures have Upstart's own message in classic files: scripts may look for it. */
function hasUpstartMessage(step: SpawnFailure["step"]): boolean {
  return step === "change root directory" || step === "change working directory" ||
    step.endsWith("resource limit");
}
