/** A property test of bounds: whatever the processes of a job with rouse's own semantics do, every request is answered. */

import fc from "fast-check";
import assert from "node:assert/strict";
import { Bench } from "../../testing/bench.ts";
import { PROCESS_NAMES } from "../../model/job.ts";
import type { Behaviour } from "../simulator/simulated_processes.ts";
import { PARAMETERS } from "../testing/histories.ts";
import { job } from "../testing/definitions.ts";

/** In seconds. */
const START_TIMEOUT = 20, KILL_TIMEOUT = 5;

const definition = fc.record({
  task: fc.boolean(),
  respawn: fc.boolean(),
  expect: fc.constantFrom("none" as const, "none" as const, "stop" as const, "fork" as const),
  runs: fc.subarray([...PROCESS_NAMES]),
}).map(({ ...fields }) =>
  job("web", { semantics: "rouse", startTimeout: START_TIMEOUT, killTimeout: KILL_TIMEOUT, ...fields })
);

const behaviour: fc.Arbitrary<Behaviour> = fc.oneof(
  fc.constantFrom<Behaviour>("stays", "stubborn", { status: 0 }, { spawnFails: "there is no such program" }),
  fc.record({
    status: fc.constantFrom(0, 1),
    after: fc.constantFrom("10ms", "4s", "19s", "21s", "3min"),
  }),
);

const behaviours = fc.tuple(...PROCESS_NAMES.map(() => fc.array(behaviour, { minLength: 1, maxLength: 3 })));

/** The bound of a start: its own, then what runs is ended, hook and main one after the other, and what they leave behind. */
const START_BOUND = START_TIMEOUT + 1;

/**
 * The bound of a stop, which may begin during a start: the hook of that is ended, the pre-stop and the post-stop have the
 * time of a start each, and all that they leave is killed, as is main, and what main leaves behind.
 */
const STOP_BOUND = 2 * START_TIMEOUT + 6 * KILL_TIMEOUT + 5;

/** The longest run of a process that ends by itself; who starts a task waits for it, and for its stop. */
const LONGEST_RUN = 180;

const step = fc.record({
  kind: fc.constantFrom("start", "start", "stop", "restart", "force", "exit", "pass"),
  time: fc.constantFrom(0, 1, 1000, 7000, 30_000),
});

Deno.test("each start and stop is answered within its bounds, whatever processes do", () => {
  const property = fc.property(
    definition,
    behaviours,
    fc.record({ count: fc.nat(2), stubborn: fc.boolean() }),
    fc.array(step, { maxLength: 12 }),
    (definition, behaviours, { count, stubborn }, steps) => {
      const bench = new Bench([definition]);
      PROCESS_NAMES.forEach((process, index) => bench.behave("web", process, ...behaviours[index]!));
      bench.leave("web", count, { stubborn });
      for (const { kind, time } of steps) {
        if (kind === "start") bench.start("web");
        else if (kind === "stop") bench.stop("web");
        else if (kind === "restart") bench.restart("web");
        else if (kind === "force") bench.stop("web", {}, { force: true });
        else if (kind === "exit" && bench.runs("web")) bench.exit("web", { status: 1 });
        bench.advance(time / 1000);
      }
      const stop = bench.stop("web");
      bench.advance(STOP_BOUND);
      assert.notEqual(stop.outcome, undefined, "the stop is answered");
      assert.equal(bench.state("web"), "stop/waiting", "the job is down");
      assert.equal(bench.timers, 0);
      const start = bench.start("web");
      bench.advance(START_BOUND);
      if (definition.task) bench.advance(LONGEST_RUN + STOP_BOUND);
      const isAtWork = definition.task && bench.state("web") === "start/running";
      assert(start.outcome !== undefined || isAtWork, "the start is answered, or the task is at work");
      const last = bench.stop("web");
      bench.advance(STOP_BOUND);
      assert.notEqual(last.outcome, undefined);
      assert.equal(bench.running.size, 0, "nothing is left");
    },
  );
  fc.assert(property, PARAMETERS);
});
