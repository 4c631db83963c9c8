/** The commands why and what-if. One chunk, which is loaded where it is needed alone. */

import { explanationLines, lineOf } from "../../../insight/tree.ts";
import type { Trial } from "../../../insight/what_if/outcome.ts";
import { outcomeLines } from "../../../insight/what_if/outcome_text.ts";
import { whatIf as tryOut } from "../../../insight/what_if/what_if.ts";
import { Facts } from "../../../insight/why/facts.ts";
import { restoredEngine } from "../../../insight/why/restored.ts";
import { furtherInstances, NoAnswer, whyJob } from "../../../insight/why/why.ts";
import { describe } from "../../../control/client/insight.ts";
import type { Client } from "../../../control/client/client.ts";
import { MOST_LISTED } from "../../../insight/why/reason.ts";
import { count } from "../../../insight/words.ts";
import type { Invocation } from "../command.ts";
import { viewOf } from "../screens/view.ts";
import { readHistory, readState, surroundingsOf } from "./sources.ts";

/** The command why. */
export async function why(invocation: Invocation, name: string, given: readonly string[]): Promise<void> {
  const { isJson, tell, show } = invocation;
  const view = viewOf(invocation);
  const facts = await factsOf(await invocation.client());
  const explanations = whyJob(facts, name, given);
  const more = given.length === 0 ? furtherInstances(facts, name) : [];
  if (isJson) return tell({ job: name, explanations, ...more.length > 0 && { more } });
  explanations.forEach((one, index) => show([...index > 0 ? [""] : [], ...explanationLines(one, view)]));
  if (more.length > 0) show(["", ...lineOf(furtherInWords(more), 0, view)]);
}

/** That there are more instances than are explained. */
function furtherInWords(names: readonly string[]): string {
  const first = names.slice(0, MOST_LISTED), rest = names.length - first.length;
  const list = rest > 0 ? `${first.join(", ")} and ${count(rest, "other")}` : first.join(", ");
  return `${
    count(names.length, "more instance")
  } (${list}): KEY=VALUE behind the job's name says which to explain`;
}

/** Asks init for all that reasons are made of. */
async function factsOf(client: Client): Promise<Facts> {
  const engine = restoredEngine(await readState(client));
  return new Facts({
    engine,
    ...await readHistory(client),
    ...await surroundingsOf(client, engine.endsWithRunlevel),
  });
}

/** Tells why a job does not run that has no instance, in one sentence; undefined where it only failed. */
export type TellWaiting = (job: string) => string | undefined;

/** Asks init, once for all jobs. Where it does not tell, nothing is told. */
export async function whyTheyWait(client: Client): Promise<TellWaiting> {
  let facts: Facts;
  try {
    facts = await factsOf(client);
  } catch {
    return () => undefined; // Not everybody may look into init.
  }
  return (job) => {
    try {
      const [one] = whyJob(facts, job);
      const { verdict, isStuck, summary } = one ?? {};
      return verdict === "waiting" || isStuck && verdict !== "failed" ? summary : undefined;
    } catch (error) {
      if (error instanceof NoAnswer) return undefined; // The job has come since.
      throw error;
    }
  };
}

/** The command what-if. */
export async function whatIf(invocation: Invocation, trial: Trial): Promise<void> {
  const { isJson, tell, show } = invocation;
  const view = viewOf(invocation), client = await invocation.client();
  const snapshot = await readState(client);
  const report = await describe(client);
  const outcome = tryOut(snapshot, trial, {
    report,
    ...await surroundingsOf(client, snapshot.endsWithRunlevel),
  });
  if (isJson) tell(outcome);
  else show(outcomeLines(outcome, view));
}
