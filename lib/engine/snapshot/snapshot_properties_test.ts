/** Property tests of snapshots: an engine that is restored has the same future, whenever it was saved. */

import fc from "fast-check";
import { Harness, type Step } from "../testing/harness.ts";
import { definitions, histories, PARAMETERS } from "../testing/histories.ts";

const environmentStep: fc.Arbitrary<Step> = fc.record({
  kind: fc.constantFrom("set-env" as const, "unset-env" as const),
  variable: fc.constantFrom("HOME", "PATH", "E", "K"),
  job: fc.constantFrom("a", "b"),
}, { requiredKeys: ["kind", "variable"] });

const stopStep: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ kind: fc.constant("stop-all" as const), inOrder: fc.boolean() }),
  fc.constantFrom("RUNLEVEL=0", "RUNLEVEL=2").map((runlevel): Step => ({
    kind: "event",
    event: "runlevel",
    environment: [runlevel],
  })),
);

/** Steps at certain places of a history, before the step that is there. */
function between<Item>(item: fc.Arbitrary<Item>, maxLength: number): fc.Arbitrary<Map<number, Item>> {
  return fc.array(fc.tuple(fc.nat(60), item), { maxLength }).map((all) => new Map(all));
}

/** How far ahead the clock of a restored engine is; none, and one whose times are all negative among them. */
const shift = fc.constantFrom(0, 0, 1_000_000, -1_000_000);

Deno.test("whenever an engine is saved, what is restored from it has the same effects, to the byte", () => {
  const restores = fc.array(fc.tuple(fc.nat(60), shift), { minLength: 1, maxLength: 6 })
    .map((all) => new Map(all));
  const property = fc.property(
    definitions,
    histories,
    restores,
    between(environmentStep, 3),
    between(stopStep, 1),
    (definitions, steps, restores, environments, stops) => {
      const harness = new Harness(definitions, false);
      steps.forEach((step, index) => {
        const others = [environments.get(index), stops.get(index)];
        for (const other of others) if (other) harness.step(other);
        const shift = restores.get(index);
        if (shift !== undefined) harness.restore(shift);
        harness.step(step);
      });
      harness.restore(0);
      harness.end();
    },
  );
  fc.assert(property, { ...PARAMETERS, numRuns: PARAMETERS.numRuns * 4 });
});
