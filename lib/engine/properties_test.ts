/** Whatever happens, in whatever order: see testing/world.ts for what has to hold. */

import fc from "fast-check";
import type { Condition } from "../model/condition.ts";
import type { Exit } from "../model/exit.ts";
import { type JobDefinition, PROCESS_NAMES } from "../model/job.ts";
import type { Request } from "./effects.ts";
import { and, type Fields, job, on, or } from "./testing/definitions.ts";
import { type Step, World } from "./testing/world.ts";

const JOBS = ["a", "b", "c", "d"];

/** An event of a user, of one of these jobs, or one of any job that nothing waits for. */
function events(jobs: string[]): fc.Arbitrary<Condition> {
  const users = ["x", "y", "x K=1", "y K!=1", "x K=$K", "started", "stopped", "started K=1"];
  const own = jobs.flatMap((name) =>
    ["starting", "started", "stopping", "stopped"].flatMap((event) => [
      `${event} ${name}`,
      `${event} JOB=${name} INSTANCE=1`,
      `${event} JOB!=${name}`,
    ])
  );
  const all = [...users, ...own, ...jobs.map((name) => `stopped ${name} * failed`)];
  return fc.constantFrom(...all).map(on);
}

function conditions(jobs: string[]): fc.Arbitrary<Condition> {
  const event = events(jobs);
  const joined = fc.tuple(fc.constantFrom(and, or), event, event).map(([join, left, right]) =>
    join(left, right)
  );
  const nested = fc.tuple(fc.constantFrom(and, or), joined, event).map(([join, left, right]) =>
    join(left, right)
  );
  return fc.oneof({ arbitrary: event, weight: 4 }, { arbitrary: joined, weight: 2 }, nested);
}

const exits: fc.Arbitrary<Exit> = fc.constantFrom<Exit>(
  { status: 0 },
  { status: 0 },
  { status: 1 },
  { signal: 15 },
  { signal: 9 },
);

function definition(name: string): fc.Arbitrary<JobDefinition> {
  return fc.record({
    task: fc.boolean(),
    respawn: fc.boolean(),
    respawnLimit: fc.constantFrom<JobDefinition["respawnLimit"]>(
      { count: 1, interval: 5 },
      { count: 3, interval: 5 },
      "unlimited",
    ),
    normalExit: fc.subarray<Exit>([{ status: 0 }, { status: 1 }, { signal: 15 }]),
    expect: fc.constantFrom<JobDefinition["expect"]>("none", "none", "stop", "fork", "daemon"),
    instance: fc.constantFrom("", "", "$K"),
    killTimeout: fc.constantFrom(0, 5),
    export: fc.subarray(["K"]),
    runs: fc.subarray([...PROCESS_NAMES]),
    startOn: conditions(JOBS),
    stopOn: conditions(JOBS),
  }, { requiredKeys: ["runs"] }).map((fields) => job(name, fields as Fields));
}

const definitions = fc.tuple(...JOBS.map(definition)) as fc.Arbitrary<JobDefinition[]>;
const variables = fc.constantFrom<string[]>([], ["K=1"], ["K=2"], ["L=1", "K=1"], ["nonsense"]);

const requests: fc.Arbitrary<Request> = fc.oneof(
  fc.record({
    kind: fc.constantFrom("start" as const, "stop" as const, "restart" as const),
    job: fc.constantFrom(...JOBS, "unheard-of"),
    environment: variables,
    wait: fc.boolean(),
  }),
  fc.record({
    kind: fc.constantFrom("start" as const, "stop" as const, "restart" as const),
    job: fc.constantFrom(...JOBS),
    instance: fc.constantFrom("", "1"),
    wait: fc.boolean(),
  }),
  fc.record({
    kind: fc.constant("emit" as const),
    event: fc.constantFrom("x", "y", "x", "y", ""),
    environment: variables,
    wait: fc.boolean(),
  }),
);

const which = fc.nat(7);

const steps: fc.Arbitrary<Step> = fc.oneof(
  { weight: 10, arbitrary: requests.map((what): Step => ({ kind: "request", what })) },
  { weight: 12, arbitrary: which.map((which): Step => ({ kind: "spawned", which })) },
  { weight: 1, arbitrary: which.map((which): Step => ({ kind: "spawn-failed", which })) },
  {
    weight: 10,
    arbitrary: fc.record({ kind: fc.constant("exit" as const), which, exit: exits, forked: fc.boolean() }),
  },
  { weight: 1, arbitrary: which.map((which): Step => ({ kind: "raise", which })) },
  { weight: 2, arbitrary: which.map((which): Step => ({ kind: "timer", which })) },
  { weight: 1, arbitrary: fc.constantFrom(100, 6000).map((time): Step => ({ kind: "pass", time })) },
  { weight: 1, arbitrary: fc.constant<Step>({ kind: "event", event: "x", environment: ["K=2"] }) },
  {
    weight: 1,
    arbitrary: fc.oneof(...JOBS.map(definition)).map((definition): Step => ({ kind: "define", definition })),
  },
  { weight: 1, arbitrary: fc.constantFrom(...JOBS).map((job): Step => ({ kind: "remove", job })) },
);

const histories = fc.array(steps, { maxLength: 60, size: "max" });

/** The seed is fixed so that a test run says the same each time; SEED and RUNS in the environment change them. */
function property(predicate: (definitions: JobDefinition[], steps: Step[]) => void): void {
  fc.assert(fc.property(definitions, histories, predicate), {
    seed: Number(Deno.env.get("SEED") ?? 1),
    numRuns: Number(Deno.env.get("RUNS") ?? 500),
  });
}

Deno.test("whatever happens: nothing is lost, all is answered, everything comes to its end", () => {
  property((definitions, steps) => {
    const world = new World(definitions);
    for (const step of steps) world.step(step);
    world.end();
  });
});

Deno.test("whatever happens: also when everything is to stop in the middle of it", () => {
  property((definitions, steps) => {
    const world = new World(definitions);
    steps.forEach((step, index) => {
      if (index === 20) world.step({ kind: "stop-all" });
      world.step(step);
    });
    world.end();
  });
});

Deno.test("whatever happens: the same inputs have the same effects", () => {
  property((definitions, steps) => {
    const world = new World(definitions);
    for (const step of steps) world.step(step);
    world.replay();
  });
});
