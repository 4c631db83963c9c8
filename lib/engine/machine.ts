/** The data that all parts of the engine share, and the few operations on it that they all need. */

import type { Condition } from "../model/condition.ts";
import { Environment, setPair } from "../model/environment.ts";
import type { InstanceProcess, JobDefinition } from "../model/job.ts";
import type { Effect, Notice, Telling } from "./effects.ts";
import { Event, type Waiter } from "./event.ts";
import type { Instance } from "./instance.ts";
import type { Job } from "./job.ts";
import { ListenerIndex } from "./listeners.ts";
import { Matcher } from "./matcher.ts";

/** A process of an instance. */
export interface Process {
  instance: Instance;
  name: InstanceProcess;
}

/** Whose condition a matcher is: a job's `start on`, or an instance's `stop on`. */
export type Owner = { job: Job } | { instance: Instance };

/** The engine's whole state. Effects are gathered in it until the input that caused them has been dealt with. */
export class Machine {
  readonly jobs = new Map<string, Job>();
  /** Running processes by process number. */
  readonly processes = new Map<number, Process>();
  /** Spawns under way by their number. */
  readonly spawns = new Map<number, Process>();
  readonly timers = new Map<number, Instance>();
  readonly listeners = new ListenerIndex();
  /** Events in the order in which they were emitted. */
  pendingEvents: Event[] = [];
  /** Events that nothing holds any more. */
  readonly releasedEvents: Event[] = [];
  effects: Effect[] = [];
  /** What is not told, as nobody wants to know. */
  unwanted: ReadonlySet<Telling> = new Set();
  /** How many processes the present input has asked for. */
  asked = 0;
  /** The time of the present input, in ms from any origin. */
  now = 0;
  /** True once init is on its way down: nothing is respawned. */
  stopping = false;
  /** Once everything is stopped in order: the instances whose turn has not come yet. */
  departing: Set<Instance> | undefined;
  #lastNumber = 0;
  #resume: number | undefined;

  /**
   * @param defaults What every job's environment begins with.
   * @param initEnvironment Init's own, from which `env KEY` takes its values.
   */
  constructor(readonly defaults: Environment, readonly initEnvironment: Environment) {}

  /** A number for a spawn or a timer. */
  number(): number {
    return ++this.#lastNumber;
  }

  effect(effect: Effect): void {
    this.effects.push(effect);
  }

  notice(notice: Notice): void {
    if (!this.unwanted.has(notice.kind)) this.effects.push({ kind: "notice", notice });
  }

  log(priority: "info" | "warn", message: string): void {
    if (priority === "info" && this.unwanted.has("info")) return;
    this.effects.push({ kind: "log", priority, message });
  }

  /** Emits an event; it is shown to the conditions when its turn comes. */
  emit(name: string, variables: Environment, waiter?: Waiter): Event {
    const event = new Event(name, variables);
    if (waiter) event.waiters.push(waiter);
    this.pendingEvents.push(event);
    return event;
  }

  /** Lets go of an event that was held; the last to do so ends it. */
  readonly release = (event: Event): void => {
    if (--event.holders === 0 && event.progress === "handling") this.releasedEvents.push(event);
  };

  /** A matcher for a condition, listening. */
  listen(condition: Condition, owner: Owner): Matcher {
    const matcher = new Matcher(condition, this.release);
    this.listeners.add(matcher, owner);
    return matcher;
  }

  /** Takes a matcher out of the index and lets its events go. */
  deafen(matcher: Matcher | undefined): void {
    if (!matcher) return;
    this.listeners.remove(matcher);
    matcher.reset();
  }

  /** The environment of a new start of a job: the defaults, its `env` stanzas, then what is given. */
  jobEnvironment(definition: JobDefinition, given: Iterable<string> = []): Environment {
    const result = this.defaults.derive();
    for (const entry of definition.env) {
      if (entry.includes("=")) setPair(result, entry);
      else {
        const value = this.initEnvironment.get(entry);
        if (value !== undefined) result.set(entry, value);
      }
    }
    for (const pair of given) setPair(result, pair);
    return result;
  }

  /** Sets a timer (ms) for an instance, which has one at most. */
  setTimer(instance: Instance, delay: number): void {
    this.clearTimer(instance);
    instance.timer = this.number();
    this.timers.set(instance.timer, instance);
    this.effect({ kind: "set-timer", timer: instance.timer, delay });
  }

  clearTimer(instance: Instance): void {
    if (instance.timer === undefined) return;
    this.timers.delete(instance.timer);
    this.effect({ kind: "clear-timer", timer: instance.timer });
    instance.timer = undefined;
  }

  /** Asks to be called again soon, as there is more to do than may be done at once. */
  resumeLater(): void {
    if (this.#resume !== undefined) return;
    this.#resume = this.number();
    this.effect({ kind: "set-timer", timer: this.#resume, delay: 0 });
  }

  /** True when it is the timer of {@link resumeLater} that has run out. */
  resumes(timer: number): boolean {
    if (timer !== this.#resume) return false;
    this.#resume = undefined;
    return true;
  }

  /** Sends a signal to a process or its group. */
  kill(pid: number, signal: number, group: boolean): void {
    this.effect({ kind: "kill", pid, signal, group });
  }

  /** Asks for a process to be spawned; the answer comes as the input `spawned` or `spawn-failed`. */
  spawn(instance: Instance, process: InstanceProcess, extra: Iterable<[string, string]>): void {
    this.asked++;
    instance.spawning = this.number();
    this.spawns.set(instance.spawning, { instance, name: process });
    this.effect({
      kind: "spawn",
      spawn: instance.spawning,
      definition: instance.job.definition,
      instance: instance.name,
      process,
      environment: withMore(instance.environment, extra).pairs(),
    });
  }
}

function withMore(variables: Environment, more: Iterable<[string, string]>): Environment {
  const all = Array.from(more);
  return all.length === 0 ? variables : new Environment([...variables, ...all]);
}
