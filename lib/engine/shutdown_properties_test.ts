/** A property test of shutdown: after `stop-all` no service starts that is not meant for that. */

import fc from "fast-check";
import assert from "node:assert/strict";
import type { JobCondition } from "../model/condition.ts";
import { Bench } from "../testing/bench.ts";
import type { Behaviour } from "./simulator/simulated_processes.ts";
import { and, job, on, or } from "./testing/definitions.ts";

const NAMES = ["a", "b", "c", "d", "e"];
const FAREWELL = "farewell";

const event = fc.oneof(
  fc.tuple(fc.constantFrom("starting", "started", "stopping", "stopped"), fc.constantFrom(...NAMES, FAREWELL))
    .map(([event, name]) => on(`${event} ${name}`)),
  fc.constantFrom("x", "y", "runlevel RUNLEVEL=2").map(on),
);
const condition: fc.Arbitrary<JobCondition> = fc.oneof(
  event,
  fc.tuple(fc.constantFrom(and, or), event, event).map(([join, one, other]) => join(one, other)),
);

const definitions = fc.tuple(...NAMES.map((name) =>
  fc.record({
    startOn: condition,
    stopOn: fc.option(condition, { nil: undefined }),
    task: fc.boolean(),
    respawn: fc.boolean(),
    killTimeout: fc.constantFrom(1, 5),
    runs: fc.subarray(["pre-start", "post-start", "pre-stop", "post-stop"] as const),
  }).map(({ stopOn, runs, ...fields }) =>
    job(name, { ...fields, ...(stopOn && { stopOn }), runs: ["main", ...runs] })
  )
));

const behaviour: fc.Arbitrary<Behaviour> = fc.oneof(
  fc.constantFrom<Behaviour>("stays", "stubborn"),
  fc.record({ status: fc.constantFrom(0, 1), after: fc.constantFrom("10ms", "500ms", "2s") }),
);

const name = fc.constantFrom(...NAMES);
type Step = (bench: Bench) => unknown;
const step: fc.Arbitrary<Step> = fc.oneof(
  name.map((name): Step => (bench) => bench.start(name)),
  name.map((name): Step => (bench) => bench.stop(name)),
  name.map((name): Step => (bench) => bench.restart(name)),
  name.map((name): Step => (bench) => bench.fromWithin("start", name)),
  name.map((name): Step => (bench) => bench.runs(name) && bench.exit(name, { status: 1 })),
  fc.constantFrom("x", "y").map((event): Step => (bench) => bench.emit(event)),
  fc.constantFrom("0", "2", "6").map((RUNLEVEL): Step => (bench) => bench.emit("runlevel", { RUNLEVEL })),
  fc.constantFrom("5ms", "600ms", "3s").map((time): Step => (bench) => bench.advance(time)),
);

Deno.test("after stop-all no service begins but on session-end and the last runlevels", () => {
  const property = fc.property(
    definitions,
    fc.array(behaviour, { minLength: NAMES.length, maxLength: NAMES.length }),
    fc.array(step, { maxLength: 12 }),
    fc.array(step, { maxLength: 12 }),
    fc.boolean(),
    (definitions, behaviours, before, after, inOrder) => {
      const farewell = job(FAREWELL, { startOn: or("session-end", "runlevel RUNLEVEL=[06]") });
      const bench = new Bench([...definitions, farewell]);
      NAMES.forEach((name, index) => bench.behave(name, "main", behaviours[index]!));
      for (const step of before) step(bench);
      bench.stopAll(inOrder);
      const { length } = bench.trace;
      bench.event("session-end");
      for (const step of after) step(bench);
      bench.advance("20s");
      const services = definitions.filter(({ task }) => !task).map(({ name }) => name);
      const begun = bench.trace.slice(length).filter((line) => line.endsWith(" main runs"));
      assert.deepEqual(begun.filter((line) => services.includes(line.split(" ")[0]!)), []);
    },
  );
  fc.assert(property, { numRuns: 500 });
});
