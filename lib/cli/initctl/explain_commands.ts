/** The commands that explain: why, what-if. They themselves are loaded when they are called. */

import type { Trial } from "../../insight/what_if/outcome.ts";
import { COLOUR } from "../../model/command_line/options.ts";
import { UsageError } from "../../model/command_line/usage_error.ts";
import { isPair } from "../../model/environment.ts";
import type { CommandGroup, Invocation } from "./command.ts";

const load = () => import("./explain/explain.ts");

async function why(invocation: Invocation): Promise<void> {
  const [name = invocation.environment.UPSTART_JOB, ...given] = invocation.args;
  if (name === undefined) throw new UsageError("missing job name");
  requirePairs(given);
  await (await load()).why(invocation, name, given);
}

async function whatIf(invocation: Invocation): Promise<void> {
  const trial = trialOf(invocation.args);
  await (await load()).whatIf(invocation, trial);
}

/** The requests on a job that can be tried. */
const JOB_TRIALS = ["start", "stop", "restart"] as const;

/**
 * What is to be tried.
 * @throws {UsageError} for anything else.
 */
function trialOf([kind, subject, ...environment]: readonly string[]): Trial {
  if (kind === undefined) throw new UsageError("missing what to try: emit, start, stop, restart or shutdown");
  if (kind === "shutdown") {
    if (subject !== undefined) throw new UsageError(`unexpected argument: ${subject}`);
    return { kind };
  }
  const request = JOB_TRIALS.find((known) => known === kind);
  if (!request && kind !== "emit") {
    throw new UsageError(
      `unable to try ${kind}: it is none of emit, start, stop, restart and shutdown`,
    );
  }
  if (!subject) throw new UsageError(request ? "missing job name" : "missing event name");
  requirePairs(environment);
  return request
    ? { kind: request, job: subject, environment }
    : { kind: "emit", event: subject, environment };
}

/** @throws {UsageError} for a word that is no pair. */
function requirePairs(words: readonly string[]): void {
  const wrong = words.find((word) => !isPair(word));
  if (wrong !== undefined) throw new UsageError(`not of the form KEY=VALUE: ${wrong}`);
}

/** The commands under the heading "Explanation". */
export const explainCommands = (): CommandGroup => ({
  title: "Explanation",
  commands: [
    {
      name: "why",
      arguments: "JOB [KEY=VALUE]...",
      summary: "Explain why job is as it is.",
      help:
        "Tells why JOB, or the instance that the variables name, runs, is stopped, waits, has failed or does not get on: what " +
        "of its condition has come and what is missing, who could emit that, what it needs, and what holds it, down to the " +
        "process. Only root, and the user that init runs as, may ask. The command is rouse's own.",
      options: [COLOUR],
      examples: ["initctl why web"],
      isListing: true,
      run: why,
    },
    {
      name: "what-if",
      arguments: "WHAT [JOB|EVENT] [KEY=VALUE]...",
      summary: "Tell what would happen, without doing it.",
      help: "WHAT is emit with an EVENT, start, stop or restart with a JOB, or shutdown.\n\n" +
        "Tries it on a copy of init's state: tells what would start and stop, in order, and what would not get on, where " +
        "hooks succeed, tasks exit 0 and services stay up. Nothing is changed. Only root, and the user that init runs as, " +
        "may ask. The command is rouse's own.",
      options: [COLOUR],
      examples: ["initctl what-if emit net-device-up IFACE=eth0", "initctl what-if stop db"],
      isListing: true,
      run: whatIf,
    },
  ],
});
