/** The restoring of an engine from a snapshot. What its parts say of each other is checked on the way. */

import { Environment, environment, setPair } from "../../model/environment.ts";
import { emptyJob, type InstanceProcess } from "../../model/job.ts";
import type { CheckPurpose } from "../checks/instance_checks.ts";
import type { Matcher } from "../conditions/matcher.ts";
import { loadJob } from "../definition_changes.ts";
import { noteHolder } from "../dependencies/deadlocks.ts";
import { makeGraph, renewBehind } from "../dependencies/waits.ts";
import type { Time } from "../effects.ts";
import type { EngineState, Subscriber } from "../engine_state.ts";
import { Event } from "../events/event.ts";
import type { JobChain } from "../events/start_loops.ts";
import { Instance } from "../instance.ts";
import { LoadedJob } from "../loaded_job.ts";
import type { EngineTimerPurpose, InstanceTimerPurpose } from "../timers.ts";
import { refuse } from "./checks.ts";
import type {
  EngineSnapshot,
  SavedEnvironment,
  SavedEvent,
  SavedInstance,
  SavedInstanceName,
  SavedJob,
  SavedMatcher,
  SavedReport,
  SavedTimer,
} from "./engine_snapshot.ts";

/**
 * Restores the state of an engine that has none yet but its init environment and its original defaults.
 *
 * @param snapshot A snapshot that {@link checkSnapshot} has passed.
 * @param now The moment of the saving, by the clock of the inputs to come.
 * @throws {TypeError} when parts of the snapshot contradict each other, with the place of what is wrong.
 */
export function restoreEngine(engine: EngineState, snapshot: EngineSnapshot, now: Time): void {
  new Restorer(engine, snapshot, now.monotonic - snapshot.now.monotonic).restore(now);
}

/** A condition whose place in the order of all conditions is not known yet. */
interface UnorderedMatcher {
  saved: SavedMatcher;
  where: string;
  subscribe(): Matcher;
}

class Restorer {
  readonly #engine: EngineState;
  readonly #snapshot: EngineSnapshot;
  /** What is added to the times of the snapshot (ms). */
  readonly #shift: number;
  readonly #bases: Environment[];
  readonly #jobs: LoadedJob[] = [];
  readonly #causes: JobChain[] = [];
  readonly #events: Event[] = [];
  readonly #matchers: UnorderedMatcher[] = [];

  constructor(engine: EngineState, snapshot: EngineSnapshot, shift: number) {
    this.#engine = engine;
    this.#snapshot = snapshot;
    this.#shift = shift;
    this.#bases = snapshot.bases.map(environment);
  }

  restore({ monotonic, wall }: Time): void {
    const engine = this.#engine, snapshot = this.#snapshot;
    engine.now = monotonic;
    engine.wall = wall;
    engine.lastNumber = snapshot.lastNumber;
    engine.muted = new Set(snapshot.muted);
    engine.endsWithRunlevel = snapshot.endsWithRunlevel;
    engine.inLastRunlevel = snapshot.inLastRunlevel;
    engine.stopping = snapshot.stopping;
    engine.defaults.clear();
    for (const pair of snapshot.defaults) setPair(engine.defaults, pair);
    snapshot.jobs.forEach((job, index) => this.#addJob(job, `jobs[${index}]`));
    for (const name of snapshot.removedJobs) this.#jobs.push(new LoadedJob(emptyJob(name, "")));
    this.#restoreCauses();
    snapshot.events.forEach((event, index) => this.#events.push(this.#event(event, `events[${index}]`)));
    snapshot.jobs.forEach((job, index) => this.#restoreJob(job, this.#jobs[index]!, `jobs[${index}]`));
    this.#restoreMatchers();
    this.#restoreQueues();
    this.#restoreDependencies();
    this.#restoreOwnTimers();
    this.#checkEvents();
  }

  #addJob({ definition }: SavedJob, where: string): void {
    const { jobs } = this.#engine;
    if (jobs.has(definition.name)) refuse(where, `is a second job ${definition.name}`);
    this.#jobs.push(loadJob(this.#engine, definition));
  }

  #restoreCauses(): void {
    this.#snapshot.causes.forEach(({ job, previous }, index) => {
      const where = `causes[${index}]`;
      // Only earlier causes are there, so that no chain is a circle.
      const link = previous === null ? undefined : at(this.#causes, previous, `${where}.previous`);
      this.#causes.push({ job: at(this.#jobs, job, `${where}.job`), previous: link });
    });
  }

  #event({ name, environment, progress, failed, cause, requests }: SavedEvent, where: string): Event {
    const event = new Event(name, this.#environment(environment, `${where}.environment`));
    event.progress = progress;
    event.failed = failed;
    event.cause = cause === null ? undefined : at(this.#causes, cause, `${where}.cause`);
    for (const request of requests) event.waiters.push({ request });
    return event;
  }

  #restoreJob(saved: SavedJob, job: LoadedJob, where: string): void {
    const { pendingDefinition, lastFailure } = saved;
    job.pendingDefinition = pendingDefinition
      ? { definition: pendingDefinition.definition ?? undefined }
      : undefined;
    job.selfStartsUntil = this.#time(saved.selfStartsUntil) ?? -Infinity;
    job.isLoopReported = saved.isLoopReported;
    job.completed = saved.completed;
    job.lastFailure = lastFailure
      ? { reason: lastFailure.reason, exit: lastFailure.exit ?? undefined }
      : undefined;
    if (saved.startOn) {
      this.#addMatcher(saved.startOn, { job }, `${where}.startOn`, (matcher) => job.startOn = matcher);
    }
    saved.instances.forEach((instance, index) =>
      this.#restoreInstance(instance, job, `${where}.instances[${index}]`)
    );
  }

  #restoreInstance(saved: SavedInstance, job: LoadedJob, where: string): void {
    if (job.instances.has(saved.name)) refuse(where, `is a second instance ${JSON.stringify(saved.name)}`);
    const instance = new Instance(job, saved.name);
    job.instances.set(saved.name, instance);
    instance.goal = saved.goal;
    instance.state = saved.state;
    const { startEnvironment, stopEnvironment } = saved;
    instance.environment = this.#environment(saved.environment, `${where}.environment`);
    instance.startEnvironment = startEnvironment
      ? this.#environment(startEnvironment, `${where}.startEnvironment`)
      : undefined;
    instance.stopEnvironment = stopEnvironment
      ? this.#environment(stopEnvironment, `${where}.stopEnvironment`)
      : undefined;
    instance.cause = at(this.#causes, saved.cause, `${where}.cause`);
    instance.failure = saved.failure ?? undefined;
    instance.lastExit = saved.lastExit ?? undefined;
    instance.isDone = saved.isDone;
    instance.setback = saved.setback ?? undefined;
    instance.stall = saved.stall ?? undefined;
    instance.forks = saved.forks;
    instance.isExpectMet = saved.isExpectMet;
    instance.endsInit = saved.endsInit;
    instance.tracksForksUntil = this.#time(saved.tracksForksUntil) ?? -Infinity;
    instance.respawns = saved.respawns;
    instance.respawnsSince = this.#time(saved.respawnsSince) ?? -Infinity;
    instance.mainStartedAt = this.#time(saved.mainStartedAt) ?? -Infinity;
    instance.upSince = this.#time(saved.upSince);
    instance.failures = saved.failures;
    instance.nextStartAt = this.#time(saved.nextStartAt);
    this.#restoreBounds(saved, instance);
    this.#restoreWaiters(saved, instance, where);
    this.#restoreProcesses(saved, instance, where);
    this.#restoreTimers(saved, instance, where);
    this.#restoreChecks(saved, instance, where);
    restoreReport(saved.report, instance);
    this.#restoreStopOn(saved, instance, `${where}.stopOn`);
  }

  #restoreStopOn({ stopOn }: SavedInstance, instance: Instance, where: string): void {
    if ((stopOn === null) !== (instance.job.definition.stopOn === undefined)) {
      refuse(where, "is not as the definition says");
    }
    if (stopOn) this.#addMatcher(stopOn, { instance }, where, (matcher) => instance.stopOn = matcher);
  }

  #restoreBounds(saved: SavedInstance, instance: Instance): void {
    const { leftovers } = saved;
    instance.isTimedOut = saved.isTimedOut;
    instance.isForced = saved.isForced;
    instance.isForgotten = saved.isForgotten;
    instance.abortedHook = saved.abortedHook ?? undefined;
    instance.leaders = [...saved.leaders];
    instance.leftovers = leftovers ? { ...leftovers, killAt: leftovers.killAt + this.#shift } : undefined;
  }

  #restoreWaiters({ blocker, waiters }: SavedInstance, instance: Instance, where: string): void {
    if (blocker !== null) {
      instance.blocker = at(this.#events, blocker, `${where}.blocker`);
      instance.blocker.waiters.push({ instance });
    }
    waiters.forEach((waiter, index) => {
      if ("request" in waiter) instance.waiters.push(waiter);
      else instance.waiters.push({ event: this.#hold(waiter.event, `${where}.waiters[${index}].event`) });
    });
  }

  #restoreProcesses({ pids, spawns }: SavedInstance, instance: Instance, where: string): void {
    for (const [name, pid] of Object.entries(pids) as Array<[InstanceProcess, number]>) {
      if (this.#engine.processes.has(pid)) refuse(`${where}.pids.${name}`, `is the process ${pid} once more`);
      instance.pids.set(name, pid);
      this.#engine.processes.set(pid, { instance, name });
    }
    for (const [name, spawn] of Object.entries(spawns) as Array<[InstanceProcess, number]>) {
      this.#checkNumber(spawn, `${where}.spawns.${name}`);
      instance.spawns.set(name, spawn);
      this.#engine.spawns.set(spawn, { instance, name });
    }
  }

  #restoreChecks({ checks }: SavedInstance, instance: Instance, where: string): void {
    instance.checks.isReady = checks.isReady;
    instance.checks.unready = checks.unready ?? undefined;
    instance.checks.unhealthy = checks.unhealthy ?? undefined;
    for (const [purpose, number] of Object.entries(checks.running) as Array<[CheckPurpose, number]>) {
      this.#checkNumber(number, `${where}.checks.running.${purpose}`);
      instance.checks.running[purpose] = number;
      this.#engine.checks.set(number, { instance, purpose });
    }
  }

  #restoreTimers({ timers }: SavedInstance, instance: Instance, where: string): void {
    for (const [purpose, timer] of Object.entries(timers) as Array<[InstanceTimerPurpose, SavedTimer]>) {
      const restored = { purpose, instance, ...this.#timer(timer, `${where}.timers.${purpose}`) };
      instance.timers.set(purpose, restored);
      this.#engine.timers.set(timer.number, restored);
    }
  }

  #restoreOwnTimers(): void {
    const timers = Object.entries(this.#snapshot.timers) as Array<[EngineTimerPurpose, SavedTimer]>;
    for (const [purpose, timer] of timers) {
      const restored = { purpose, ...this.#timer(timer, `timers.${purpose}`) };
      this.#engine.ownTimers.set(purpose, restored);
      this.#engine.timers.set(timer.number, restored);
    }
  }

  #timer({ number, deadline }: SavedTimer, where: string): SavedTimer {
    this.#checkNumber(number, `${where}.number`);
    return { number, deadline: deadline + this.#shift };
  }

  /** Checks the number of a spawn, a timer or a check. */
  #checkNumber(number: number, where: string): void {
    const { lastNumber, timers, spawns, checks } = this.#engine;
    if (number > lastNumber) refuse(where, `is ${number}, and the last number is ${lastNumber}`);
    if (timers.has(number) || spawns.has(number) || checks.has(number)) {
      refuse(where, `is ${number} once more`);
    }
  }

  #addMatcher(
    saved: SavedMatcher,
    subscriber: Subscriber,
    where: string,
    set: (matcher: Matcher) => void,
  ): void {
    const { definition } = "job" in subscriber ? subscriber.job : subscriber.instance.job;
    const condition = "job" in subscriber ? definition.startOn : definition.stopOn;
    if (!condition) refuse(where, "is not as the definition says");
    const subscribe = () => {
      const matcher = this.#engine.subscribe(condition, subscriber);
      set(matcher);
      return matcher;
    };
    this.#matchers.push({ saved, where, subscribe });
  }

  #restoreMatchers(): void {
    const inOrder = this.#matchers.sort((one, other) => one.saved.order - other.saved.order);
    for (const { saved: { taken, up }, where, subscribe } of inOrder) {
      const matcher = subscribe();
      const events = taken.map((event, index) =>
        event === null ? undefined : at(this.#events, event, `${where}.taken[${index}]`)
      );
      if (events.length !== matcher.leaves.length) {
        refuse(`${where}.taken`, "has another length than the condition");
      }
      matcher.restore(events, up);
    }
  }

  #restoreQueues(): void {
    const engine = this.#engine;
    const { pendingEvents, releasedEvents, delayedStarts, exitJob, stopQueue } = this.#snapshot;
    const list = (events: number[], where: string) =>
      events.map((event, index) => at(this.#events, event, `${where}[${index}]`));
    engine.pendingEvents = list(pendingEvents, "pendingEvents");
    engine.releasedEvents.push(...list(releasedEvents, "releasedEvents"));
    delayedStarts.forEach(({ job, events }, index) => {
      const where = `delayedStarts[${index}]`;
      engine.startThrottle.delay(at(this.#jobs, job, `${where}.job`), list(events, `${where}.events`));
    });
    engine.exitJob = exitJob === null ? undefined : at(this.#jobs, exitJob, "exitJob");
    engine.stopQueue = stopQueue
      ? new Set(stopQueue.map((name, index) => this.#instance(name, `stopQueue[${index}]`)))
      : undefined;
  }

  #restoreDependencies(): void {
    const { dependencies, jobs } = this.#engine;
    makeGraph(this.#engine);
    const { heldStops, pendingInstances, pendingLevels, completedTasks } = this.#snapshot;
    for (const name of completedTasks) dependencies.completedTasks.add(name);
    heldStops.forEach((name, index) =>
      dependencies.heldStops.add(this.#instance(name, `heldStops[${index}]`))
    );
    pendingInstances.forEach((name, index) =>
      dependencies.pending.add(this.#instance(name, `pendingInstances[${index}]`))
    );
    pendingLevels.forEach((job, index) =>
      dependencies.levels.add(at(this.#jobs, job, `pendingLevels[${index}]`))
    );
    for (const job of jobs.values()) {
      for (const instance of job.instances.values()) {
        for (const waiter of instance.waiters) {
          if ("event" in waiter) noteHolder(this.#engine, instance, waiter.event);
        }
      }
    }
    renewBehind(this.#engine);
  }

  /** Checks that each event is going to be dispatched and finished. To be called at the end. */
  #checkEvents(): void {
    const pending = new Set(this.#engine.pendingEvents), released = new Set(this.#engine.releasedEvents);
    if (pending.size < this.#engine.pendingEvents.length) refuse("pendingEvents", "has an event twice");
    this.#events.forEach((event, index) => {
      if ((event.progress === "pending") !== pending.has(event)) {
        refuse(`events[${index}].progress`, "is not as pendingEvents says");
      }
      if (event.progress === "handling" && event.holders === 0 && !released.has(event)) {
        refuse(`events[${index}]`, "is held by nothing");
      }
    });
  }

  #environment({ base, changes }: SavedEnvironment, where: string): Environment {
    const result = base === null ? new Environment() : at(this.#bases, base, `${where}.base`).derive();
    for (const change of changes) {
      if (change.includes("=")) setPair(result, change);
      else result.delete(change);
    }
    return result;
  }

  #hold(event: number, where: string): Event {
    const held = at(this.#events, event, where);
    held.holders++;
    return held;
  }

  #instance({ job, instance }: SavedInstanceName, where: string): Instance {
    return at(this.#jobs, job, `${where}.job`).instances.get(instance) ??
      refuse(`${where}.instance`, `is ${JSON.stringify(instance)}, which there is not`);
  }

  #time(ms: number | null): number | undefined {
    return ms === null ? undefined : ms + this.#shift;
  }
}

function restoreReport(
  { status, phase, watchdogTime, awaits, script }: SavedReport,
  { report }: Instance,
): void {
  report.status = status ?? undefined;
  report.phase = phase ?? undefined;
  report.watchdogTime = watchdogTime ?? undefined;
  report.awaits = awaits ?? undefined;
  report.script = script ?? undefined;
}

function at<Item>(list: readonly Item[], index: number, where: string): Item {
  return list[index] ?? refuse(where, `is ${index}, which there is not`);
}
