/** The saving of an engine as a snapshot. */

import type { Environment } from "../../model/environment.ts";
import type { Matcher } from "../conditions/matcher.ts";
import type { Time } from "../effects.ts";
import type { EngineState } from "../engine_state.ts";
import type { Event } from "../events/event.ts";
import type { JobChain } from "../events/start_loops.ts";
import type { Instance } from "../instance.ts";
import type { LoadedJob } from "../loaded_job.ts";
import {
  type EngineSnapshot,
  type SavedCause,
  type SavedChecks,
  type SavedEnvironment,
  type SavedEvent,
  type SavedInstance,
  type SavedInstanceName,
  type SavedJob,
  type SavedMatcher,
  type SavedReport,
  type SavedTimer,
  SNAPSHOT_VERSION,
} from "./engine_snapshot.ts";
import { Numbering } from "./numbering.ts";

/** Saves an engine. The snapshot shares with it only what never changes: definitions, failures, exits. */
export function saveEngine(engine: EngineState, now: Time): EngineSnapshot {
  return new Saver(engine).save(now);
}

class Saver {
  readonly #engine: EngineState;
  readonly #jobs: Numbering<LoadedJob>;
  readonly #matchers: Numbering<Matcher>;
  readonly #events = new Numbering<Event>();
  readonly #bases = new Numbering<readonly string[]>();
  readonly #causes = new Numbering<JobChain>();

  constructor(engine: EngineState) {
    this.#engine = engine;
    this.#jobs = new Numbering(engine.jobs.values());
    this.#matchers = new Numbering(engine.subscriptions.all);
  }

  save({ monotonic, wall }: Time): EngineSnapshot {
    const engine = this.#engine;
    const pendingEvents = engine.pendingEvents.map((event) => this.#events.of(event));
    const jobs = Array.from(engine.jobs.values(), (job) => this.#job(job));
    const delayedStarts = engine.startThrottle.delayed.map(({ job, events }) => ({
      job: this.#jobs.of(job),
      events: events.map((event) => this.#events.of(event)),
    }));
    // An event may be on this list still that was finished meanwhile.
    const releasedEvents = engine.releasedEvents.filter(({ progress }) => progress === "handling")
      .map((event) => this.#events.of(event));
    const exitJob = engine.exitJob ? this.#jobs.of(engine.exitJob) : null;
    const { pending, levels, heldStops, completedTasks } = engine.dependencies;
    const stopQueue = engine.stopQueue && Array.from(engine.stopQueue, (one) => this.#instanceName(one));
    // All events are known now, then all causes, then all jobs and all bases.
    const events = this.#events.all.map((event) => this.#event(event));
    const causes = this.#causes.all.map((cause) => this.#cause(cause));
    return {
      version: SNAPSHOT_VERSION,
      now: { monotonic, wall },
      lastNumber: engine.lastNumber,
      muted: Array.from(engine.muted),
      endsWithRunlevel: engine.endsWithRunlevel,
      inLastRunlevel: engine.inLastRunlevel,
      stopping: engine.stopping,
      defaults: engine.defaults.pairs(),
      originalDefaults: engine.originalDefaults.pairs(),
      initEnvironment: engine.initEnvironment.pairs(),
      bases: this.#bases.all.map((base) => [...base]),
      jobs,
      removedJobs: this.#jobs.all.slice(jobs.length).map(({ name }) => name),
      causes,
      events,
      pendingEvents,
      releasedEvents,
      delayedStarts,
      timers: timers(engine.ownTimers),
      exitJob,
      stopQueue: stopQueue ?? null,
      heldStops: Array.from(heldStops, (one) => this.#instanceName(one)),
      pendingInstances: Array.from(pending, (one) => this.#instanceName(one)),
      pendingLevels: Array.from(levels, (job) => this.#jobs.of(job)),
      completedTasks: Array.from(completedTasks),
    };
  }

  #job(job: LoadedJob): SavedJob {
    const { definition, pendingDefinition, startOn, lastFailure } = job;
    return {
      definition,
      pendingDefinition: pendingDefinition ? { definition: pendingDefinition.definition ?? null } : null,
      startOn: this.#matcher(startOn),
      selfStartsUntil: time(job.selfStartsUntil),
      isLoopReported: job.isLoopReported,
      completed: job.completed,
      lastFailure: lastFailure ? { reason: lastFailure.reason, exit: lastFailure.exit ?? null } : null,
      instances: Array.from(job.instances.values(), (instance) => this.#instance(instance)),
    };
  }

  #instance(instance: Instance): SavedInstance {
    const { name, goal, state, startEnvironment, stopEnvironment, failure, lastExit, blocker } = instance;
    return {
      name,
      goal,
      state,
      environment: this.#environment(instance.environment),
      startEnvironment: startEnvironment ? this.#environment(startEnvironment) : null,
      stopEnvironment: stopEnvironment ? this.#environment(stopEnvironment) : null,
      cause: this.#causeNumber(instance.cause),
      failure: failure ?? null,
      lastExit: lastExit ?? null,
      isDone: instance.isDone,
      setback: instance.setback ?? null,
      stall: instance.stall ?? null,
      blocker: blocker ? this.#events.of(blocker) : null,
      waiters: instance.waiters.map((waiter) =>
        "event" in waiter ? { event: this.#events.of(waiter.event) } : { ...waiter }
      ),
      stopOn: this.#matcher(instance.stopOn),
      timers: timers(instance.timers),
      spawns: Object.fromEntries(instance.spawns),
      pids: Object.fromEntries(instance.pids),
      forks: instance.forks,
      isExpectMet: instance.isExpectMet,
      checks: checks(instance),
      report: report(instance),
      endsInit: instance.endsInit,
      tracksForksUntil: time(instance.tracksForksUntil),
      respawns: instance.respawns,
      respawnsSince: time(instance.respawnsSince),
      mainStartedAt: time(instance.mainStartedAt),
      upSince: time(instance.upSince),
      failures: instance.failures,
      nextStartAt: time(instance.nextStartAt),
      isTimedOut: instance.isTimedOut,
      isForced: instance.isForced,
      isForgotten: instance.isForgotten,
      abortedHook: instance.abortedHook ?? null,
      leaders: [...instance.leaders],
      leftovers: instance.leftovers ? { ...instance.leftovers } : null,
    };
  }

  #instanceName({ job, name }: Instance): SavedInstanceName {
    return { job: this.#jobs.of(job), instance: name };
  }

  #environment(environment: Environment): SavedEnvironment {
    const { base, changes } = environment.derivation;
    return { base: base.length === 0 ? null : this.#bases.of(base), changes };
  }

  #matcher(matcher: Matcher | undefined): SavedMatcher | null {
    if (!matcher) return null;
    const taken = matcher.taken.map((event) => event ? this.#events.of(event) : null);
    return { order: this.#matchers.of(matcher), taken, up: matcher.up };
  }

  #event(event: Event): SavedEvent {
    const { name, progress, failed, cause } = event;
    if (progress === "finished") throw new Error(`the finished event ${name} is still referred to`);
    return {
      name,
      environment: this.#environment(event.environment),
      progress,
      failed,
      cause: cause ? this.#causeNumber(cause) : null,
      requests: event.waiters.flatMap((waiter) => "request" in waiter ? waiter.request : []),
    };
  }

  /** The number of a cause. Those that it goes back to get theirs first. */
  #causeNumber(last: JobChain): number {
    const chain: JobChain[] = [];
    for (let cause: JobChain | undefined = last; cause && !this.#causes.has(cause); cause = cause.previous) {
      chain.push(cause);
    }
    for (const cause of chain.reverse()) this.#causes.of(cause);
    return this.#causes.of(last);
  }

  #cause({ job, previous }: JobChain): SavedCause {
    return { job: this.#jobs.of(job), previous: previous ? this.#causes.of(previous) : null };
  }
}

function timers<Purpose extends string>(
  set: ReadonlyMap<Purpose, { number: number; deadline: number }>,
): Partial<Record<Purpose, SavedTimer>> {
  const saved = Array.from(set, ([purpose, { number, deadline }]) => [purpose, { number, deadline }]);
  return Object.fromEntries(saved) as Partial<Record<Purpose, SavedTimer>>;
}

function checks({ checks: { running, isReady, unready, unhealthy } }: Instance): SavedChecks {
  return {
    running: { ...running },
    isReady,
    unready: unready ?? null,
    unhealthy: unhealthy ?? null,
  };
}

function report({ report: { status, phase, watchdogTime, awaits, script } }: Instance): SavedReport {
  return {
    status: status ?? null,
    phase: phase ?? null,
    watchdogTime: watchdogTime ?? null,
    awaits: awaits ?? null,
    script: script ?? null,
  };
}

/** A time as JSON can hold it: null for one that never was, or is not set. */
function time(ms: number | undefined): number | null {
  return ms !== undefined && Number.isFinite(ms) ? ms : null;
}
