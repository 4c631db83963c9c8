/** The commands why and what-if. One chunk, which is loaded where it is needed alone. */

import { explanationLines } from "../../../insight/tree.ts";
import type { Trial } from "../../../insight/what_if/outcome.ts";
import { outcomeLines } from "../../../insight/what_if/outcome_text.ts";
import { whatIf as tryOut } from "../../../insight/what_if/what_if.ts";
import { Facts } from "../../../insight/why/facts.ts";
import { stateOf } from "../../../insight/why/restored.ts";
import { whyJob } from "../../../insight/why/why.ts";
import { describe } from "../../../control/client/insight.ts";
import type { Client } from "../../../control/client/client.ts";
import type { Explanation } from "../../../insight/why/reason.ts";
import type { Invocation } from "../command.ts";
import { viewOf } from "../screens/view.ts";
import { readHistory, readState, surroundingsOf } from "./sources.ts";

/** The command why. */
export async function why(invocation: Invocation, name: string, given: readonly string[]): Promise<void> {
  const { isJson, tell, show } = invocation;
  const view = viewOf(invocation);
  const explanations = await explanationsOf(await invocation.client(), name, given);
  if (isJson) return tell({ job: name, explanations });
  explanations.forEach((one, index) => show([...index > 0 ? [""] : [], ...explanationLines(one, view)]));
}

/** Asks init, and explains a job or its instances. */
async function explanationsOf(
  client: Client,
  name: string,
  given: readonly string[],
): Promise<Explanation[]> {
  const engine = stateOf(await readState(client));
  const facts = new Facts({
    engine,
    ...await readHistory(client),
    ...await surroundingsOf(client, engine.endsWithRunlevel),
  });
  return whyJob(facts, name, given);
}

/** Why a job does not run that has no instance, in one sentence; undefined where it only failed, and where init does not tell. */
export async function whyItWaits(client: Client, name: string): Promise<string | undefined> {
  try {
    const [one] = await explanationsOf(client, name, []);
    const { verdict, isStuck, summary } = one ?? {};
    return verdict === "waiting" || isStuck && verdict !== "failed" ? summary : undefined;
  } catch {
    // Not everybody may look into init.
    return undefined;
  }
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
