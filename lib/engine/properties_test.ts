/** Property tests of the engine: random jobs and random histories. testing/harness.ts checks what has to hold. */

import fc from "fast-check";
import type { JobDefinition } from "../model/job.ts";
import { Harness, type Step } from "./testing/harness.ts";
import { definitions, histories, PARAMETERS } from "./testing/histories.ts";

function property(predicate: (definitions: JobDefinition[], steps: Step[]) => void): void {
  fc.assert(fc.property(definitions, histories, predicate), PARAMETERS);
}

Deno.test("whatever happens: nothing is lost, all is answered, everything comes to its end", () => {
  property((definitions, steps) => {
    const harness = new Harness(definitions);
    for (const step of steps) harness.step(step);
    harness.end();
  });
});

Deno.test("whatever happens: also when everything is to stop in the middle of it", () => {
  property((definitions, steps) => {
    const harness = new Harness(definitions);
    steps.forEach((step, index) => {
      if (index === 20) harness.step({ kind: "stop-all" });
      harness.step(step);
    });
    harness.end();
  });
});

Deno.test("whatever happens: the same inputs have the same effects", () => {
  property((definitions, steps) => {
    const harness = new Harness(definitions);
    for (const step of steps) harness.step(step);
    harness.replay();
  });
});
