/** Random jobs and random histories for property tests of the engine. */

import fc from "fast-check";
import { type CheckDefinition, REMEDIES } from "../../model/checks/check.ts";
import type { Notification } from "../../model/checks/notification.ts";
import type { JobCondition } from "../../model/condition.ts";
import type { Exit } from "../../model/exit.ts";
import { type JobDefinition, PROCESS_NAMES } from "../../model/job.ts";
import type { Request } from "../../model/requests.ts";
import { and, type Fields, job, on, or } from "./definitions.ts";
import type { Step } from "./harness.ts";

const JOBS = ["a", "b", "c", "d"];

/** An event of a user, of one of these jobs, or one of any job that nothing waits for. */
function events(jobs: string[]): fc.Arbitrary<JobCondition> {
  const users = ["x", "y", "x K=1", "y K!=1", "x K=$K", "started", "stopped", "started K=1"];
  const own = jobs.flatMap((name) =>
    ["starting", "started", "stopping", "stopped"].flatMap((event) => [
      `${event} ${name}`,
      `${event} JOB=${name} INSTANCE=1`,
      `${event} JOB!=${name}`,
    ])
  );
  const all = [
    ...users,
    ...own,
    ...jobs.map((name) => `stopped ${name} * failed`),
    ...[...jobs, "service"].map((name) => `while-up ${name}`),
  ];
  return fc.constantFrom(...all).map(on);
}

function conditions(jobs: string[]): fc.Arbitrary<JobCondition> {
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
  { signal: 9, isOutOfMemory: true },
  { signal: 11, core: true },
);

const NAMES = [...JOBS, "service"];
const COMPLETIONS = JOBS.map((name) => `completed(${name})`);

/** Few of these names, mostly none. */
function references(names: string[]): fc.Arbitrary<string[]> {
  return fc.oneof(
    { weight: 3, arbitrary: fc.constant<string[]>([]) },
    fc.array(fc.constantFrom(...names), { maxLength: 2 }),
  );
}

function definition(name: string): fc.Arbitrary<JobDefinition> {
  return fc.record({
    needs: references([...NAMES, ...COMPLETIONS]),
    wants: references([...NAMES, ...COMPLETIONS]),
    uses: references(NAMES),
    after: references(NAMES),
    before: references(NAMES),
    provides: references(["service", "a"]),
    conflicts: references(NAMES),
    task: fc.boolean(),
    respawn: fc.boolean(),
    respawnLimit: fc.constantFrom<JobDefinition["respawnLimit"]>(
      { count: 1, interval: 5 },
      { count: 3, interval: 5 },
      "unlimited",
    ),
    normalExit: fc.subarray<Exit>([{ status: 0 }, { status: 1 }, { signal: 15 }]),
    expect: fc.constantFrom<JobDefinition["expect"]>(
      "none",
      "none",
      "stop",
      "fork",
      "daemon",
      "children",
      "script",
    ),
    instance: fc.constantFrom("", "", "$K"),
    killTimeout: fc.constantFrom(0, 5),
    env: fc.subarray(["E=1", "PATH=/opt", "HOME"]),
    export: fc.subarray(["K"]),
    setuid: fc.constant("www"),
    endsInit: fc.constantFrom<JobDefinition["endsInit"]>(true, "failure", "success"),
    semantics: fc.constantFrom("upstart" as const, "rouse" as const),
    startTimeout: fc.constantFrom(3, 90),
    killMode: fc.constantFrom("main" as const, "group" as const),
    respawnDelay: fc.constantFrom(
      { delay: 0.1, factor: 2, max: 30, jitter: 0.1, resetAfter: 5 },
      { delay: 2, factor: 1, max: 2, jitter: 0, resetAfter: 60 },
    ),
    onGiveUp: fc.constantFrom("stop" as const, "event" as const, "exit" as const),
    ready: fc.constantFrom<CheckDefinition>({ kind: "tcp", address: "80" }, { kind: "notify" }),
    alive: fc.constantFrom(...REMEDIES).map((then): CheckDefinition => ({ kind: "file", path: "$E", then })),
    pidFile: fc.constantFrom("/run/a.pid", "$NOWHERE"),
    watchdog: fc.constant(3),
    restartAbove: fc.constant({ memory: 1 << 20 }),
    runs: fc.subarray([...PROCESS_NAMES]),
    startOn: conditions(JOBS),
    stopOn: conditions(JOBS),
  }, { requiredKeys: ["runs"] }).map((fields) => job(name, fields as Fields));
}

/** The definitions of a few jobs. */
export const definitions = fc.tuple(...JOBS.map(definition)) as fc.Arbitrary<JobDefinition[]>;
const variables = fc.constantFrom<string[]>([], ["K=1"], ["K=2"], ["L=1", "K=1"], ["nonsense"]);

const requests: fc.Arbitrary<Request> = fc.oneof(
  fc.record({
    kind: fc.constantFrom("start" as const, "stop" as const, "restart" as const),
    job: fc.constantFrom(...JOBS, "unheard-of"),
    environment: variables,
    wait: fc.boolean(),
    force: fc.boolean(),
  }),
  fc.record({
    kind: fc.constantFrom("start" as const, "stop" as const, "restart" as const),
    job: fc.constantFrom(...JOBS),
    instance: fc.constantFrom("", "1"),
    wait: fc.boolean(),
    force: fc.boolean(),
  }),
  fc.record({ kind: fc.constant("reset" as const), job: fc.constantFrom(...JOBS), environment: variables }),
  fc.record({
    kind: fc.constant("forget" as const),
    job: fc.constantFrom(...JOBS),
    instance: fc.constantFrom("", "1"),
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
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant("check" as const), which, passes: fc.boolean() }),
  },
  { weight: 1, arbitrary: fc.constantFrom(...JOBS).map((job): Step => ({ kind: "ready", job })) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant("notification" as const),
      job: fc.constantFrom(...JOBS),
      told: fc.constantFrom<Notification>(
        { ready: true },
        { watchdog: "alive" },
        { watchdog: "trigger" },
        { watchdogTime: 500, reloading: true },
        { extension: 9000, status: "busy" },
        { stopping: true },
      ),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant("pid-file" as const), which, isBelieved: fc.boolean() }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant("leftovers" as const), which, count: fc.constantFrom(0, 0, 2) }),
  },
  { weight: 1, arbitrary: fc.constantFrom(100, 6000).map((time): Step => ({ kind: "pass", time })) },
  { weight: 1, arbitrary: fc.constant<Step>({ kind: "event", event: "x", environment: ["K=2"] }) },
  {
    weight: 1,
    arbitrary: fc.oneof(...JOBS.map(definition)).map((definition): Step => ({ kind: "define", definition })),
  },
  { weight: 1, arbitrary: fc.constantFrom(...JOBS).map((job): Step => ({ kind: "remove", job })) },
);

/** What happens, step by step. */
export const histories = fc.array(steps, { maxLength: 60, size: "max" });

/** The seed is fixed so that a test run says the same each time; SEED and RUNS in the environment change both. */
export const PARAMETERS = {
  seed: Number(Deno.env.get("SEED") ?? 1),
  numRuns: Number(Deno.env.get("RUNS") ?? 500),
};
