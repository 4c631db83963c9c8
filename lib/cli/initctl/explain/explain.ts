/** The commands why and what-if. One chunk, which is loaded where it is needed alone. */

import { explanationLines } from "../../../insight/tree.ts";
import type { Trial } from "../../../insight/what_if/outcome.ts";
import { outcomeLines } from "../../../insight/what_if/outcome_text.ts";
import { whatIf as tryOut } from "../../../insight/what_if/what_if.ts";
import { Facts } from "../../../insight/why/facts.ts";
import { stateOf } from "../../../insight/why/restored.ts";
import { whyJob } from "../../../insight/why/why.ts";
import { UsageError } from "../../../model/command_line/usage_error.ts";
import { isPair } from "../../../model/environment.ts";
import { printable } from "../../../model/text/printable.ts";
import type { Invocation } from "../command.ts";
import { viewOf } from "../screens/view.ts";
import { readHistory, readState, surroundingsOf } from "./sources.ts";

/** The command why. */
export async function why(invocation: Invocation): Promise<void> {
  const { args, environment, has, say, show } = invocation;
  const [name = environment.UPSTART_JOB, ...given] = args;
  if (name === undefined) throw new UsageError("missing job name");
  const view = viewOf(invocation), client = await invocation.client();
  const engine = stateOf(await readState(client));
  const facts = new Facts({
    engine,
    ...await readHistory(client),
    ...await surroundingsOf(client, engine.endsWithRunlevel),
  });
  const explanations = whyJob(facts, name, given);
  if (has("json")) return say(JSON.stringify({ job: name, explanations }));
  explanations.forEach((one, index) => show([...index > 0 ? [""] : [], ...explanationLines(one, view)]));
}

/** The command what-if. */
export async function whatIf(invocation: Invocation): Promise<void> {
  const { args, has, say, show } = invocation;
  const trial = trialOf(args), view = viewOf(invocation), client = await invocation.client();
  const snapshot = await readState(client);
  const outcome = tryOut(snapshot, trial, await surroundingsOf(client, snapshot.endsWithRunlevel));
  if (has("json")) say(JSON.stringify(outcome));
  else show(outcomeLines(outcome, view));
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
      `unable to try ${printable(kind)}: it is none of emit, start, stop, restart and shutdown`,
    );
  }
  if (!subject) throw new UsageError(request ? "missing job name" : "missing event name");
  const wrong = environment.find((word) => !isPair(word));
  if (wrong !== undefined) throw new UsageError(`not of the form KEY=VALUE: ${printable(wrong)}`);
  return request
    ? { kind: request, job: subject, environment }
    : { kind: "emit", event: subject, environment };
}
