/** Random jobs and random histories for the comparison of the two engines. */

import fc from "fast-check";
import { and, type Fields, job, on, or } from "../../lib/engine/testing/definitions.ts";
import { type CheckDefinition, REMEDIES } from "../../lib/model/checks/check.ts";
import type { Notification } from "../../lib/model/checks/notification.ts";
import type { JobCondition } from "../../lib/model/condition.ts";
import type { Exit } from "../../lib/model/exit.ts";
import { type JobDefinition, PROCESS_NAMES } from "../../lib/model/job.ts";
import type { Request } from "../../lib/model/requests.ts";
import type { Step } from "./history.ts";

const JOBS = ["a", "b", "c", "d"];
/** What dependencies name: jobs, and names that jobs provide. */
const NAMES = [...JOBS, ...JOBS, "mta", "db"];

/** What jobs say of themselves: only Upstart's stanzas, rouse's own, dependencies beside them, init scripts, or all. */
type Profile = "upstart" | "rouse" | "dependencies" | "scripts" | "all";

const aJob = fc.constantFrom(...JOBS);
const anInstance = fc.constantFrom("", "", "1");

const exits: fc.Arbitrary<Exit> = fc.constantFrom<Exit>(
  { status: 0 },
  { status: 0 },
  { status: 0 },
  { status: 1 },
  { status: 15 },
  { signal: 15 },
  { signal: 9 },
  { signal: 11, core: true },
  { signal: 40 },
);

const EVENTS = [
  "x",
  "x",
  "x K=1",
  "x K=1",
  "x K=[1-2]",
  "x K=$K",
  "x *",
  "x E=$E",
  "x K=${E:-2}",
  "y",
  "y K!=1",
  "y K=?",
];
const RC_EVENTS = ["rc-start", "rc-start", "rc-stop", "rc-stop RUNLEVEL=6", "rc-prepare"];
const LEVELS = [...JOBS, "mta"].map((name) => `while-up ${name}`);
const OTHERS = [
  "started",
  "stopping",
  "stopped K=1",
  "runlevel RUNLEVEL=[06]",
  "session-end",
  "x/failed",
  "gave-up",
];
const OF_JOBS = JOBS.flatMap((name) =>
  ["starting", "started", "stopping", "stopped"].flatMap((event) => [
    `${event} ${name}`,
    `${event} JOB=${name} INSTANCE=1`,
    `${event} JOB!=${name}`,
  ])
).concat(JOBS.map((name) => `stopped ${name} * failed`), JOBS.map((name) => `unhealthy ${name}`));

function conditions(profile: Profile): fc.Arbitrary<JobCondition> {
  const hasLevels = profile === "dependencies" || profile === "all", isOfScript = profile === "scripts";
  const event = fc.oneof(
    { weight: 4, arbitrary: fc.constantFrom(...EVENTS) },
    { weight: 3, arbitrary: fc.constantFrom(...OF_JOBS) },
    { weight: 1, arbitrary: fc.constantFrom(...OTHERS) },
    { weight: hasLevels ? 2 : 0, arbitrary: fc.constantFrom(...LEVELS) },
    { weight: isOfScript ? 6 : 0, arbitrary: fc.constantFrom(...RC_EVENTS) },
  ).map(on);
  const join = (left: fc.Arbitrary<JobCondition>) =>
    fc.tuple(fc.constantFrom(and, or), left, event).map(([join, one, other]) => join(one, other));
  return fc.oneof(
    { weight: 4, arbitrary: event },
    { weight: 2, arbitrary: join(event) },
    { weight: 1, arbitrary: join(join(event)) },
  );
}

/** A value that one in so many has. */
function seldom<Value>(oneIn: number, value: fc.Arbitrary<Value>): fc.Arbitrary<Value | undefined> {
  return fc.oneof({ weight: oneIn - 1, arbitrary: fc.constant(undefined) }, value);
}

const few = (words: string[]) =>
  seldom(3, fc.array(fc.constantFrom(...words), { minLength: 1, maxLength: 2 }));

/** Fields that Upstart knows. */
function classic(profile: Profile) {
  return {
    startOn: seldom(2, conditions(profile)),
    stopOn: seldom(3, conditions(profile)),
    instance: seldom(4, fc.constantFrom("$K", "${K:-1}", "$E")),
    env: seldom(3, fc.subarray(["E=1", "K=2", "PATH=/opt", "HOME", "NOWHERE", "UPSTART_EVENTS=no"])),
    export: seldom(4, fc.subarray(["K", "E", "JOB"])),
    task: seldom(4, fc.constant(true)),
    respawn: seldom(2, fc.constant(true)),
    respawnLimit: seldom(
      3,
      fc.constantFrom<JobDefinition["respawnLimit"]>(
        { count: 1, interval: 5 },
        { count: 2, interval: 5 },
        { count: 2, interval: 1 },
        { count: 0, interval: 5 },
        "unlimited",
      ),
    ),
    normalExit: seldom(4, fc.subarray<Exit>([{ status: 0 }, { status: 1 }, { signal: 15 }, { status: 15 }])),
    expect: seldom(4, fc.constantFrom<JobDefinition["expect"]>("stop", "fork", "daemon")),
    killTimeout: seldom(4, fc.constantFrom(0, 1, 20)),
    killSignal: seldom(6, fc.constantFrom(2, 40)),
    reloadSignal: seldom(6, fc.constant(10)),
    setuid: seldom(6, fc.constant("www")),
    usage: seldom(6, fc.constant("K=1|2")),
    apparmorLoad: seldom(8, fc.constant("/etc/apparmor.d/a")),
    endsInit: seldom(8, fc.constantFrom<JobDefinition["endsInit"]>(true, "failure", "success")),
    runs: fc.oneof(
      { weight: 2, arbitrary: fc.constant<(typeof PROCESS_NAMES)[number][]>(["main"]) },
      { weight: 2, arbitrary: fc.subarray([...PROCESS_NAMES]) },
      { weight: 1, arbitrary: fc.constant([...PROCESS_NAMES]) },
    ),
  };
}

/** Fields of rouse's own. */
const OWN = {
  env: seldom(2, fc.constantFrom(["E=1"], ["E=2", "K=1"])),
  semantics: fc.constantFrom("upstart" as const, "rouse" as const, "rouse" as const),
  expect: seldom(4, fc.constantFrom<JobDefinition["expect"]>("stop", "fork", "daemon", "children", "script")),
  startTimeout: seldom(4, fc.constantFrom(3, 90)),
  killMode: seldom(3, fc.constantFrom("main" as const, "group" as const)),
  respawnDelay: seldom(
    3,
    fc.constantFrom(
      { delay: 0.1, factor: 2, max: 30, jitter: 0.1, resetAfter: 5 },
      { delay: 2, factor: 1, max: 2, jitter: 0, resetAfter: 60 },
    ),
  ),
  onGiveUp: seldom(4, fc.constantFrom("event" as const, "exit" as const)),
  ready: seldom(
    4,
    fc.constantFrom<CheckDefinition>(
      { kind: "tcp", address: "$E" },
      { kind: "exec", command: { kind: "exec", command: "true" } },
      { kind: "notify" },
      { kind: "stopped" },
    ),
  ),
  alive: seldom(
    3,
    fc.constantFrom(undefined, ...REMEDIES).map((then): CheckDefinition => ({
      kind: "file",
      path: "$E",
      ...(then && { then }),
    })),
  ),
  pidFile: seldom(6, fc.constantFrom("/run/a.pid", "/run/$E.pid")),
  watchdog: seldom(6, fc.constantFrom(3, 0)),
  restartAbove: seldom(8, fc.constant({ memory: 1 << 20 })),
  directed: seldom(12, fc.constant(true as const)),
};

/** Fields of init scripts. */
const SCRIPTS = {
  semantics: OWN.semantics,
  expect: fc.constantFrom<JobDefinition["expect"]>("script", "script", "script", "none"),
  respawn: seldom(5, fc.constant(true)),
  startOn: seldom(2, conditions("scripts")),
  stopOn: seldom(2, conditions("scripts")),
  pidFile: OWN.pidFile,
  env: OWN.env,
  startTimeout: OWN.startTimeout,
  killMode: OWN.killMode,
};

const DEPENDENCIES = {
  needs: few([...NAMES, ...JOBS.map((name) => `completed(${name})`)]),
  wants: few([...NAMES, ...JOBS.map((name) => `completed(${name})`)]),
  uses: few(NAMES),
  after: few([...NAMES, "*"]),
  before: few(NAMES),
  provides: few(["mta", "db", "a"]),
  conflicts: seldom(8, fc.array(fc.constantFrom(...NAMES), { minLength: 1, maxLength: 2 })),
};

function definition(name: string, profile: Profile): fc.Arbitrary<JobDefinition> {
  const fields = {
    ...classic(profile),
    ...((profile === "rouse" || profile === "all") && OWN),
    ...(profile === "scripts" && SCRIPTS),
    ...(profile === "dependencies" && { semantics: OWN.semantics }),
    ...(profile !== "upstart" && profile !== "rouse" && DEPENDENCIES),
  };
  return fc.record(fields).map((values) =>
    job(name, Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Fields)
  );
}

const variables = fc.constantFrom<string[]>([], ["K=1"], ["K=1"], ["K=2"], ["E=3", "K=1"], [
  "JOB=a",
  "UPSTART_JOB=b",
], ["no"]);

function requests(profile: Profile): fc.Arbitrary<Request> {
  const kind = fc.constantFrom("start" as const, "start" as const, "stop" as const, "restart" as const);
  const wait = fc.boolean();
  const force = profile === "upstart" ? fc.constant(false) : seldom(6, fc.constant(true)).map(Boolean);
  const job = fc.oneof({ weight: 20, arbitrary: aJob }, fc.constant("unheard-of"));
  return fc.oneof(
    { weight: 6, arbitrary: fc.record({ kind, job, environment: variables, wait, force }) },
    { weight: 3, arbitrary: fc.record({ kind, job, instance: anInstance, wait, force }) },
    {
      weight: 1,
      arbitrary: fc.record({ kind: fc.constant("reload" as const), job: aJob, instance: anInstance }),
    },
    {
      weight: 1,
      arbitrary: fc.record({ kind: fc.constant("reset" as const), job: aJob, environment: variables }),
    },
    {
      weight: profile === "upstart" ? 0 : 1,
      arbitrary: fc.record({ kind: fc.constant("forget" as const), job: aJob, instance: anInstance }),
    },
    {
      weight: 7,
      arbitrary: fc.record({
        kind: fc.constant("emit" as const),
        event: fc.oneof(
          { weight: 10, arbitrary: fc.constantFrom("x", "x", "y") },
          fc.constantFrom("", "started"),
        ),
        environment: variables,
        wait,
      }),
    },
  );
}

const told = fc.constantFrom<Notification>(
  { ready: true },
  { watchdog: "alive" },
  { watchdog: "trigger" },
  { watchdogTime: 500, reloading: true },
  { reloading: true, status: "again" },
  { extension: 9000, status: "busy" },
  { stopping: true },
  { mainPid: 77_777 },
);

function steps(profile: Profile): fc.Arbitrary<Step> {
  const which = fc.nat(7);
  const weighted: [number, fc.Arbitrary<Step>][] = [
    [16, requests(profile).map((what): Step => ({ kind: "request", what }))],
    [10, which.map((which): Step => ({ kind: "spawned", which }))],
    [14, fc.constant<Step>({ kind: "spawn-all" })],
    [1, which.map((which): Step => ({ kind: "spawn-failed", which }))],
    [1, which.map((which): Step => ({ kind: "spawn-skipped", which }))],
    [
      10,
      fc.record({
        kind: fc.constant("exit" as const),
        which,
        exit: exits,
        forks: fc.constantFrom(0, 1, 2),
      }),
    ],
    [1, which.map((which): Step => ({ kind: "stopped", which, signal: which === 7 ? 20 : 19 }))],
    [1, which.map((which): Step => ({ kind: "settled", which, isCertain: which % 2 === 0 }))],
    [2, which.map((which): Step => ({ kind: "timer", which }))],
    [3, fc.constantFrom(10, 150, 1000, 6000, 100_000).map((time): Step => ({ kind: "pass", time }))],
    [
      1,
      fc.record({
        kind: fc.constant("event" as const),
        event: profile === "scripts"
          ? fc.constantFrom("rc-start", "rc-start", "rc-stop", "rc-prepare", "runlevel")
          : fc.constantFrom("x", "runlevel", "session-end"),
        environment: fc.constantFrom<string[]>(["K=2"], ["RUNLEVEL=2"], ["RUNLEVEL=6"]),
      }),
    ],
    [
      2,
      fc.oneof(...JOBS.map((name) => definition(name, profile))).map((definition): Step => ({
        kind: "define",
        definition,
      })),
    ],
    [1, aJob.map((job): Step => ({ kind: "remove", job }))],
    [2, fc.record({ kind: fc.constant("put-back" as const), job: aJob, isChanged: fc.boolean() })],
    [1, fc.constant<Step>({ kind: "restore" })],
    [
      1,
      fc.record({
        kind: fc.constantFrom("set-env" as const, "unset-env" as const, "reset-env" as const),
        variable: fc.constantFrom("K=1", "HOME=/x", "HOME", "K", "E"),
        replace: fc.boolean(),
      }),
    ],
    [
      1,
      fc.record({
        kind: fc.constantFrom("set-env" as const, "unset-env" as const, "reset-env" as const),
        variable: fc.constantFrom("K=1", "HOME=/x", "HOME", "K", "E"),
        replace: fc.boolean(),
        job: aJob,
      }),
    ],
  ];
  if (profile === "scripts") {
    weighted.push(
      [4, which.map((which): Step => ({ kind: "left-behind", which }))],
      [3, fc.record({ kind: fc.constant("pid-file" as const), which, isBelieved: fc.boolean() })],
      [
        4,
        fc.constantFrom("rc-start", "rc-stop").map((event): Step => ({
          kind: "event",
          event,
          environment: [],
        })),
      ],
    );
  }
  if (profile === "rouse" || profile === "all") {
    weighted.push(
      [
        6,
        fc.record({ kind: fc.constant("check" as const), which, passes: fc.boolean() }),
      ],
      [1, fc.record({ kind: fc.constant("ready" as const), job: aJob, instance: anInstance })],
      [2, fc.record({ kind: fc.constant("notification" as const), job: aJob, instance: anInstance, told })],
      [2, fc.record({ kind: fc.constant("pid-file" as const), which, isBelieved: fc.boolean() })],
    );
  }
  if (profile !== "upstart") {
    weighted.push([
      4,
      fc.record({ kind: fc.constant("leftovers" as const), which, count: fc.constantFrom(0, 0, 0, 2, 12) }),
    ], [
      1,
      fc.record({
        kind: fc.constant("adopt" as const),
        job: aJob,
        instance: anInstance,
        environment: variables,
      }),
    ]);
  }
  return fc.oneof(...weighted.map(([weight, arbitrary]) => ({ weight, arbitrary })));
}

/** What a random test begins with, and what happens then. */
interface Plan {
  definitions: JobDefinition[];
  steps: Step[];
}

/** Definitions, and what happens then. In some histories all is stopped in the middle. */
function plans(profile: Profile): fc.Arbitrary<Plan> {
  const some = fc.array(steps(profile), { minLength: 10, maxLength: 70, size: "max" });
  const end = seldom(3, fc.boolean().map((inOrder): Step => ({ kind: "stop-all", inOrder })));
  return fc.record({
    definitions: fc.tuple(...JOBS.map((name) => definition(name, profile))),
    steps: fc.tuple(some, end, some).map(([before, end, after]) => end ? [...before, end, ...after] : before),
  });
}

/** Random histories of all profiles. */
export const histories: fc.Arbitrary<Plan> = fc.noBias(
  fc.oneof(plans("upstart"), plans("rouse"), plans("dependencies"), plans("scripts"), plans("all")),
);
