/** The engine's state, and the operations on it that all parts of the engine need. */

import type { JobCondition } from "../model/condition.ts";
import {
  addGiven,
  Environment,
  environment,
  EVENT_VARIABLES,
  setPair,
  USER_VARIABLES,
} from "../model/environment.ts";
import type { Cause } from "../model/insight/journal.ts";
import type { InstanceProcess, JobDefinition } from "../model/job.ts";
import { signalName } from "../model/signals.ts";
import { Matcher } from "./conditions/matcher.ts";
import { SubscriptionIndex } from "./conditions/subscriptions.ts";
import type { CheckPurpose } from "./checks/instance_checks.ts";
import { DependencyState } from "./dependencies/dependency_state.ts";
import type { Effect, EngineNotice, NoticeKind } from "./effects.ts";
import { Event, type EventWaiter } from "./events/event.ts";
import { START_DELAY, StartThrottle } from "./events/start_loops.ts";
import type { Instance } from "./instance.ts";
import type { LoadedJob } from "./loaded_job.ts";
import type { EngineTimer, EngineTimerPurpose, InstanceTimer, InstanceTimerPurpose } from "./timers.ts";

/** A process of an instance. */
interface Process {
  instance: Instance;
  name: InstanceProcess;
}

/** Whose condition a matcher is: a job's `start on`, or an instance's `stop on`. */
export type Subscriber = { job: LoadedJob } | { instance: Instance };

/**
 * How many events one input may dispatch before init gets its turn. Jobs without processes can start and stop each
 * other for ever.
 */
const MOST_EVENTS = 1000;

/** How many spawns one input may request before init gets its turn: it spawns these while the rest is worked out. */
const MOST_SPAWNS = 32;

/**
 * How many dependencies one input may look at before init gets its turn. Each look at an instance costs as many as its job
 * has.
 */
const MOST_LOOKS = 100_000;

/** The whole state of an engine. The effects of an input are collected in it. */
export class EngineState {
  readonly jobs = new Map<string, LoadedJob>();
  /** Running processes by process number. */
  readonly processes = new Map<number, Process>();
  /** Spawns in progress by their number. */
  readonly spawns = new Map<number, Process>();
  /** The checks that are made, by their number. */
  readonly checks = new Map<number, { instance: Instance; purpose: CheckPurpose }>();
  /** The timers that are set, by their number. */
  readonly timers = new Map<number, InstanceTimer | EngineTimer>();
  /** The engine's own timers that are set, by their purpose. */
  readonly ownTimers = new Map<EngineTimerPurpose, EngineTimer>();
  readonly subscriptions = new SubscriptionIndex();
  /** Events in the order in which they were emitted. */
  pendingEvents: Event[] = [];
  /** Events that nothing holds any more, to be finished. */
  readonly releasedEvents: Event[] = [];
  readonly startThrottle = new StartThrottle();
  readonly dependencies = new DependencyState();
  effects: Effect[] = [];
  /** Kinds of effects that are left out. */
  muted: ReadonlySet<NoticeKind> = new Set();
  /** How many events the present input has dispatched, spawns it has requested, and dependencies it has looked at. */
  eventsDispatched = 0;
  spawnsRequested = 0;
  dependenciesSeen = 0;
  /** The time of the present input, by the two clocks (ms): see {@link Time}. */
  now = 0;
  wall = 0;
  /** True once init is on its way down (`stop-all`): nothing is respawned. */
  stopping = false;
  /** True where the runlevels 0 and 6 end the system. */
  endsWithRunlevel = false;
  /** True while the runlevel is one of these. */
  inLastRunlevel = false;
  /** The job with which init ends (`--exit-with`), once its main process has ended. */
  exitJob: LoadedJob | undefined;
  /** While everything is stopped in order: the instances that are not told to stop yet. */
  stopQueue: Set<Instance> | undefined;
  /** The last number of a spawn, a timer or a check. */
  lastNumber = 0;

  /** The defaults as init began. */
  readonly originalDefaults: Environment;

  /**
   * @param defaults What every job's environment begins with.
   * @param initEnvironment Init's own, from which `env KEY` takes its values.
   */
  constructor(readonly defaults: Environment, readonly initEnvironment: Environment) {
    this.originalDefaults = new Environment(defaults);
  }

  /** A new number for a spawn, a timer or a check. */
  number(): number {
    return ++this.lastNumber;
  }

  /** False when the present input has done as much as one may. */
  get mayGoOn(): boolean {
    return this.eventsDispatched < MOST_EVENTS && this.spawnsRequested < MOST_SPAWNS &&
      this.dependenciesSeen < MOST_LOOKS;
  }

  effect(effect: Effect): void {
    this.effects.push(effect);
  }

  notice(notice: EngineNotice): void {
    if (this.muted.has(notice.kind)) return;
    if (notice.kind === "state-changed" && this.muted.has("passing-state") && this.#goesOn(notice)) return;
    this.effects.push({ kind: "notice", notice });
  }

  /** Where the last effect tells of a state of the same instance, has it tell of this one instead. */
  #goesOn({ job, instance, state }: EngineNotice & { kind: "state-changed" }): boolean {
    const last = this.effects[this.effects.length - 1];
    if (last?.kind !== "notice" || last.notice.kind !== "state-changed") return false;
    if (last.notice.job !== job || last.notice.instance !== instance) return false;
    last.notice.state = state;
    return true;
  }

  log(priority: "info" | "warn", message: string): void {
    if (priority === "info" && this.muted.has("info")) return;
    this.effects.push({ kind: "log", priority, message });
  }

  /** Emits an event. It is dispatched when its turn comes. */
  emit(name: string, variables: Environment, cause: Cause, waiter?: EventWaiter): Event {
    const event = new Event(name, variables);
    if (waiter) event.waiters.push(waiter);
    this.pendingEvents.push(event);
    this.notice({ kind: "event-begun", event: name, environment: event.pairs, cause });
    return event;
  }

  /** Stops holding an event. When nothing holds it any more, it is finished. */
  readonly release = (event: Event): void => {
    if (--event.holders === 0 && event.progress === "handling") this.releasedEvents.push(event);
  };

  /** Makes a matcher for a condition, and adds it to the index. `start on` knows no variables but those of `env`. */
  subscribe(condition: JobCondition, subscriber: Subscriber): Matcher {
    const matcher = new Matcher(condition, this.release);
    // Few of maybe thousands of jobs refer to variables here.
    if ("job" in subscriber && matcher.refersToVariables) {
      matcher.variables = new Environment();
      this.#setOwn(matcher.variables, subscriber.job.definition);
    }
    this.subscriptions.add(matcher, subscriber);
    return matcher;
  }

  /** Removes a matcher from the index, and releases its events. */
  unsubscribe(matcher: Matcher | undefined): void {
    if (!matcher) return;
    this.subscriptions.remove(matcher);
    matcher.reset();
  }

  /** The environment of a new start of a job: the defaults, its `env` stanzas, then the given `KEY=VALUE` strings. */
  jobEnvironment(definition: JobDefinition, given?: Iterable<string>): Environment {
    const result = this.defaults.derive();
    this.#setOwn(result, definition);
    if (given) addGiven(result, environment(given));
    return result;
  }

  /** Sets the variables of a job's `env` stanzas. */
  #setOwn(target: Environment, { env }: JobDefinition): void {
    for (const entry of env) {
      const [name = ""] = entry.split("=", 1);
      if (EVENT_VARIABLES.includes(name)) continue;
      if (entry.includes("=")) setPair(target, entry);
      else {
        const value = this.initEnvironment.get(entry);
        if (value !== undefined) target.set(entry, value);
      }
    }
  }

  /** Sets a timer of an instance, in place of the one that is set for that purpose. `delay` in ms. */
  setTimer(instance: Instance, purpose: InstanceTimerPurpose, delay: number): void {
    this.clearTimer(instance, purpose);
    const timer = { purpose, instance, number: this.number(), deadline: this.now + delay };
    instance.timers.set(purpose, timer);
    this.#startTimer(timer, delay);
  }

  clearTimer({ timers }: Instance, purpose: InstanceTimerPurpose): void {
    const timer = timers.get(purpose);
    if (!timer) return;
    timers.delete(purpose);
    this.timers.delete(timer.number);
    this.effect({ kind: "clear-timer", timer: timer.number });
  }

  /** Takes out a timer that has expired. Undefined when it was cleared. */
  takeTimer(number: number): InstanceTimer | EngineTimer | undefined {
    const timer = this.timers.get(number);
    if (!timer) return undefined;
    this.timers.delete(number);
    if ("instance" in timer) timer.instance.timers.delete(timer.purpose);
    else this.ownTimers.delete(timer.purpose);
    return timer;
  }

  /** Has the next input dispatch the rest of the events, as there are more than one input may dispatch. */
  dispatchLater(): void {
    this.#setOwnTimer("dispatch", 0);
  }

  /** Sets the timer for the delayed starts, if there are any. */
  scheduleDelayedStarts(): void {
    if (this.startThrottle.hasDelayed) this.#setOwnTimer("delayed-starts", START_DELAY);
  }

  #setOwnTimer(purpose: EngineTimerPurpose, delay: number): void {
    if (this.ownTimers.has(purpose)) return;
    const timer = { purpose, number: this.number(), deadline: this.now + delay };
    this.ownTimers.set(purpose, timer);
    this.#startTimer(timer, delay);
  }

  #startTimer(timer: InstanceTimer | EngineTimer, delay: number): void {
    this.timers.set(timer.number, timer);
    this.effect({ kind: "set-timer", timer: timer.number, delay });
  }

  /** Sends a signal to a process or its group. */
  kill(pid: number, signal: number, group: boolean): void {
    this.effect({ kind: "kill", pid, signal, group });
  }

  /** Sends the group of an instance's process a signal, if that runs, and says so. */
  signal(
    instance: Instance,
    process: InstanceProcess,
    signal: number,
    priority: "info" | "warn" = "info",
  ): void {
    const pid = instance.pids.get(process);
    if (pid === undefined) return;
    this.log(
      priority,
      `Sending ${signalName(signal) ?? signal} signal to ${instance.describe(process, pid)}`,
    );
    this.kill(pid, signal, true);
  }

  /** Requests a spawn. The result comes as the input `spawned`, `spawn-skipped` or `spawn-failed`. */
  spawn(instance: Instance, process: InstanceProcess, extra: Iterable<[string, string]>): void {
    this.spawnsRequested++;
    const spawn = this.number();
    instance.spawns.set(process, spawn);
    this.spawns.set(spawn, { instance, name: process });
    this.effect({
      kind: "spawn",
      spawn,
      definition: instance.job.definition,
      instance: instance.name,
      process,
      environment: withMore(this.environmentFor(instance), extra).pairs(),
    });
  }

  /** The environment of an instance. A job with `setuid` does not inherit HOME, USER and so on of init's own user. */
  environmentFor({ environment, job }: Instance): Environment {
    if (job.definition.setuid === undefined) return environment;
    const result = new Environment(environment);
    for (const name of USER_VARIABLES) {
      // One that `set-env` has changed was meant to reach the job.
      const isInits = environment.inherits(name) && environment.get(name) === this.initEnvironment.get(name);
      if (isInits) result.delete(name);
    }
    return result;
  }
}

function withMore(variables: Environment, more: Iterable<[string, string]>): Environment {
  const all = Array.from(more);
  return all.length === 0 ? variables : new Environment([...variables, ...all]);
}
