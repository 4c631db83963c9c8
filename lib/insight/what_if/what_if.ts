/** What would happen if: a trial on the real definitions and the present state, in virtual time. Nothing is changed. */

import type { EngineSnapshot } from "../../engine/snapshot/engine_snapshot.ts";
import type { Instance } from "../../engine/instance.ts";
import { RUNLEVEL_EVENT } from "../../model/init_events.ts";
import { displayName } from "../../model/display_name.ts";
import type { Report } from "../../model/insight/report.ts";
import { closest } from "../../model/text/closest.ts";
import { Facts, type FactSources } from "../why/facts.ts";
import { instanceReason } from "../why/jobs.ts";
import { listed, type ReasonNode } from "../why/reason.ts";
import { restoredEngine } from "../why/restored.ts";
import { NoAnswer } from "../why/why.ts";
import { howLong } from "../words.ts";
import { named } from "../why/words.ts";
import type { Outcome, Trial, TrialStep } from "./outcome.ts";
import { Recorder } from "./recorder.ts";
import { Rehearsal } from "./rehearsal.ts";
import { setbacksOf } from "./setbacks.ts";

/** How far it is looked ahead (ms), and in which steps. */
const HORIZON = 600_000, SLICE = 1000;

/** So many instances that are not where they are to be are told of. */
const MOST_BLOCKED = 10;

/** What else is known, beside the snapshot. */
export type Surroundings = Pick<FactSources, "runlevel" | "process" | "report">;

/**
 * What would happen.
 *
 * @throws {NoAnswer} when the job is unknown.
 * @throws {TypeError} when it is no snapshot, or one of another version.
 */
export function whatIf(snapshot: EngineSnapshot, trial: Trial, surroundings: Surroundings = {}): Outcome {
  if ("job" in trial) checkJob(snapshot, trial.job, surroundings.report);
  const anyway = new Run(snapshot);
  anyway.goOn();
  const run = new Run(snapshot);
  const error = run.attempt(() => tryOut(run, trial, surroundings.runlevel));
  run.goOn();
  const isEndless = run.recorder.isFull || run.isOverrun;
  const steps = once(without(run.recorder.steps, anyway.recorder.steps), run.recorder.endless);
  return {
    trial,
    steps,
    ...(error !== undefined && { error }),
    isEndless,
    blocked: isEndless ? [] : blockedIn(run, anyway, surroundings),
    setbacks: setbacksOf(steps, surroundings.report),
    assumptions: assumptionsOf(run, snapshot),
  };
}

function checkJob({ jobs }: EngineSnapshot, name: string, report: Report | undefined): void {
  const names = jobs.map(({ definition }) => definition.name);
  if (names.includes(name)) return;
  const problem = report?.broken.find(({ job }) => job === name)?.problem;
  if (problem !== undefined) {
    throw new NoAnswer(`${name} is not defined, as its file has an error: ${problem}`);
  }
  const near = closest(name, names);
  throw new NoAnswer(`Unknown job: ${name}${near === undefined ? "" : `; did you mean \`${near}'?`}`);
}

/** A rehearsal with what it has led to. */
class Run {
  readonly rehearsal: Rehearsal;
  readonly recorder: Recorder;
  /** True when more follows than can be followed. */
  isOverrun = false;

  constructor(snapshot: EngineSnapshot) {
    let rehearsal: Rehearsal | undefined;
    const recorder = new Recorder(() => rehearsal!.engine, () => rehearsal!.now);
    this.recorder = recorder;
    // What it does to get where it begins is no step.
    this.rehearsal = rehearsal = new Rehearsal(snapshot, (effects) => {
      if (rehearsal) recorder.record(effects);
    });
    recorder.begin();
  }

  /** Does something, and returns what that says. The simulator throws where inputs follow without end. */
  attempt<Result>(what: () => Result): Result | undefined {
    try {
      return what();
    } catch (error) {
      if (!(error instanceof Error) || !/without any time/.test(error.message)) throw error;
      this.isOverrun = true;
      return undefined;
    }
  }

  /** Goes on until nothing more follows, or as far as is looked ahead. */
  goOn(): void {
    this.attempt(() => {
      const { rehearsal, recorder } = this;
      while (rehearsal.timers > 0 && rehearsal.now < HORIZON && !recorder.isFull && !this.isOverrun) {
        rehearsal.advance(SLICE);
      }
    });
  }
}

/** Does what is tried. Returns the error of the answer, if there is one. */
function tryOut(run: Run, trial: Trial, runlevel: string | undefined): string | undefined {
  const { rehearsal } = run;
  if (trial.kind === "shutdown") {
    shutDown(rehearsal, runlevel);
    return undefined;
  }
  const what = { ...trial, wait: true };
  const reply = rehearsal.request(what);
  run.goOn();
  if (reply.error !== undefined) return reply.outcome;
  return undefined;
}

/** A machine enters the runlevel 0 first; all that goes on then is stopped, as it is in a container. */
function shutDown(rehearsal: Rehearsal, runlevel = "N"): void {
  const isMachine = rehearsal.engine.save({ monotonic: rehearsal.now, wall: 0 }).endsWithRunlevel;
  if (isMachine) {
    const environment = ["RUNLEVEL=0", `PREVLEVEL=${runlevel}`, "INIT_HALT=POWEROFF"];
    rehearsal.handle({ kind: "event", event: RUNLEVEL_EVENT, environment });
  }
  rehearsal.handle({ kind: "stop-all", inOrder: true });
}

/** The steps that come because of the trial: without those that would come anyway. */
function without(steps: readonly TrialStep[], others: readonly TrialStep[]): TrialStep[] {
  const key = (step: TrialStep) => JSON.stringify(step);
  const counts = new Map<string, number>();
  for (const step of others) counts.set(key(step), (counts.get(key(step)) ?? 0) + 1);
  return steps.filter((step) => {
    const left = counts.get(key(step)) ?? 0;
    if (left > 0) counts.set(key(step), left - 1);
    return left === 0;
  });
}

/** Of steps that go on without end, one round. */
function once(steps: TrialStep[], endless: ReadonlySet<string>): TrialStep[] {
  if (endless.size === 0) return steps;
  const isStart = ({ kind, job, instance }: TrialStep) =>
    kind === "starts" && endless.has(displayName(job ?? "", instance ?? ""));
  const first = steps.find(isStart);
  const second = steps.findIndex((step) => step !== first && isStart(step) && step.job === first!.job);
  return second < 0 ? steps : steps.slice(0, second);
}

/** The instances that are not where they are to be, and would be there without the trial, or would not be at all. */
function blockedIn(run: Run, anyway: Run, surroundings: Surroundings): ReasonNode[] {
  const { rehearsal } = run;
  const facts = new Facts({
    engine: restoredEngine(rehearsal.engine.save({ monotonic: rehearsal.now, wall: Date.now() })),
    ...surroundings,
  });
  const blocked = Array.from(facts.engine.jobs.values()).flatMap((job) =>
    Array.from(job.instances.values()).filter((instance) => {
      if (isAtRest(instance)) return false;
      const before = anyway.rehearsal.engine.jobs.get(job.name)?.instances.get(instance.name);
      return !before || isAtRest(before) || before.goal !== instance.goal || before.state !== instance.state;
    })
  );
  const reasons = blocked.map((instance) => instanceReason(facts, instance, []));
  const told = new Set(reasons.flatMap(({ reasons }) => reasons.flatMap(subjectsOf)));
  const first = reasons.filter((one) => !told.has(subjectOf(one)));
  // In a circle each is told of with another.
  return listed(first.length > 0 ? first : reasons.slice(0, 1), (one) => one, "jobs", MOST_BLOCKED);
}

function subjectOf({ job, instance }: ReasonNode): string {
  return JSON.stringify([job, instance]);
}

/** What a reason, and those that it rests on, are about. */
function subjectsOf(one: ReasonNode): string[] {
  return [subjectOf(one), ...one.reasons.flatMap(subjectsOf)];
}

/** True for an instance that is where it is to be. */
function isAtRest({ goal, state }: Instance): boolean {
  return goal === "start" && state === "running" || goal === "stop" && state === "waiting";
}

function assumptionsOf({ recorder, rehearsal }: Run, snapshot: EngineSnapshot): string[] {
  const running = snapshot.jobs.flatMap(({ definition: { name, task }, instances }) =>
    instances.some(({ state }) => state !== "running" && state !== "waiting" || task && state === "running")
      ? [name]
      : []
  );
  const emitted = emittedOnTheWay(recorder, rehearsal);
  return [
    "hooks that are run succeed, tasks exit 0, services stay up and are ready, and end when they are told to",
    ...(running.length > 0
      ? [`what is under way now, and not by this, goes on as it is: ${named(firstOf(running.sort()))}`]
      : []),
    emitted.length > 0
      ? `the events that jobs' own programs emit on the way do not come: ${named(firstOf(emitted.sort()))}`
      : "no program emits events on the way",
    `nobody asks init for anything else, and nothing else happens, within ${howLong(HORIZON)}`,
  ];
}

/** The first of many names. */
function firstOf(names: readonly string[]): string[] {
  const most = 5, more = names.length - most;
  return more > 0 ? [...names.slice(0, most), `${more} more`] : [...names];
}

/** The events that programs of the jobs that start would emit, as far as their texts tell. */
function emittedOnTheWay({ steps }: Recorder, { engine, now }: Rehearsal): string[] {
  const started = new Set(
    steps.flatMap(({ kind, job }) => kind === "starts" && job !== undefined ? [job] : []),
  );
  if (started.size === 0) return [];
  const { emitters } = new Facts({ engine: restoredEngine(engine.save({ monotonic: now, wall: 0 })) });
  return [...new Set([...started].flatMap((job) => emitters.emittedBy(job)))];
}
