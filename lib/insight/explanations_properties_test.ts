/** Whatever has happened, each job can be explained, each trial made, and the lines fit. */

import assert from "node:assert/strict";
import fc from "fast-check";
import { Harness } from "../engine/testing/harness.ts";
import { definitions, histories, PARAMETERS } from "../engine/testing/histories.ts";
import { explanationLines, PLAIN_LAYOUT, WIDEST } from "./tree.ts";
import type { Trial } from "./what_if/outcome.ts";
import { outcomeLines } from "./what_if/outcome_text.ts";
import { whatIf } from "./what_if/what_if.ts";
import { Facts } from "./why/facts.ts";
import { restoredEngine } from "./why/restored.ts";
import { whyJob } from "./why/why.ts";

const trials: fc.Arbitrary<Trial> = fc.oneof(
  fc.record({
    kind: fc.constantFrom("start" as const, "stop" as const, "restart" as const),
    job: fc.constantFrom("a", "b", "c", "d"),
    environment: fc.constantFrom<string[]>([], ["K=1"]),
  }),
  fc.record({
    kind: fc.constant("emit" as const),
    event: fc.constantFrom("x", "y"),
    environment: fc.constantFrom<string[]>([], ["K=1"]),
  }),
  fc.constant<Trial>({ kind: "shutdown" }),
);

function assertFits(lines: readonly string[]): void {
  for (const line of lines) assert(line.length <= WIDEST, line);
}

Deno.test("any job in any state is explained, and any trial ends; nothing of the state is changed", () => {
  const property = fc.property(definitions, histories, trials, (definitions, steps, trial) => {
    const harness = new Harness(definitions, false);
    for (const step of steps) harness.step(step);
    const snapshot = JSON.parse(JSON.stringify(harness.snapshot())), before = JSON.stringify(snapshot);
    const facts = new Facts({ engine: restoredEngine(snapshot) });
    for (const job of facts.engine.jobs.keys()) {
      for (const one of whyJob(facts, job)) {
        assert.deepEqual(JSON.parse(JSON.stringify(one)), one);
        assertFits(explanationLines(one, PLAIN_LAYOUT));
      }
    }
    if (!("job" in trial) || facts.engine.jobs.has(trial.job)) {
      assertFits(outcomeLines(whatIf(snapshot, trial), PLAIN_LAYOUT));
    }
    assert.equal(JSON.stringify(snapshot), before);
  });
  fc.assert(property, PARAMETERS);
});
