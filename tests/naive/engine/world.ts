/**
 * The world of the naive engine: plain data, and scans of all of it. Nothing is remembered that a scan can tell: who holds
 * an event, whose process a number is, which conditions an event is shown to.
 */

import { type EventCondition, type JobCondition, levelOf } from "../../../lib/model/condition.ts";
import { displayName } from "../../../lib/model/display_name.ts";
import {
  Environment,
  environment,
  EVENT_VARIABLES,
  setPair,
  USER_VARIABLES,
} from "../../../lib/model/environment.ts";
import type { Exit } from "../../../lib/model/exit.ts";
import type { Cause } from "../../../lib/model/insight/journal.ts";
import type { InstanceProcess, JobDefinition } from "../../../lib/model/job.ts";
import { signalName } from "../../../lib/model/signals.ts";
import type { Effect, EngineNotice, NoticeKind } from "../../../lib/engine/effects.ts";

/** A condition, as a tree whose leaves keep the event that they have taken, or say whether a job is up. */
export type Tree =
  | { kind: "event"; leaf: EventCondition; event?: Happening | undefined; isUp?: boolean }
  | { kind: "and" | "or"; left: Tree; right: Tree };

/** A condition of a job or an instance. An event is shown to the one with the lower number first. */
export interface Condition {
  number: number;
  source: JobCondition;
  tree: Tree;
}

/** An event. */
export interface Happening {
  name: string;
  variables: Environment;
  progress: "pending" | "handling" | "finished";
  failed: boolean;
  /** Who goes on when it is finished: the instance that emits it, or a request. */
  waiter: Instance | number | undefined;
  /** The jobs that have led to it, the last one first; undefined for one from outside. */
  chain: Job[] | undefined;
}

/** What has failed first in a run. */
export interface Failure {
  process: InstanceProcess | "respawn" | "timeout" | "health" | "needs";
  exit?: Exit | undefined;
  message?: string | undefined;
  reason?: string | undefined;
}

/** Who waits for an instance. */
export type Waiter = Happening | { request: number; action: "start" | "stop" | "restart" };

/** A job. */
export interface Job {
  definition: JobDefinition;
  instances: Instance[];
  startOn: Condition | undefined;
  /** The definition for when the last instance has ended; none removes the job. */
  later: { definition: JobDefinition | undefined } | undefined;
  completed: boolean;
  lastFailure: { reason: string; exit: Exit | undefined } | undefined;
  selfStartsUntil: number;
  isLoopReported: boolean;
}

/** An instance. Times are in ms. */
export interface Instance {
  job: Job;
  name: string;
  goal: "start" | "stop" | "respawn";
  state: string;
  environment: Environment;
  startEnvironment?: Environment | undefined;
  stopEnvironment?: Environment | undefined;
  stopOn: Condition | undefined;
  /** The jobs that have led to what it does, itself first. */
  chain: Job[];
  failure?: Failure | undefined;
  lastExit?: Exit | undefined;
  /** Its own event that it waits for. */
  blocker?: Happening | undefined;
  waiters: Waiter[];
  spawns: Map<InstanceProcess, number>;
  pids: Map<InstanceProcess, number>;
  timers: Map<string, { number: number; deadline: number }>;
  checks: Map<"ready" | "alive" | "memory", number>;
  forks: number;
  isExpectMet: boolean;
  tracksForksUntil: number;
  respawnsSince: number;
  respawns: number;
  mainStartedAt: number;
  upSince?: number | undefined;
  failures: number;
  nextStartAt?: number | undefined;
  isTimedOut: boolean;
  isForced: boolean;
  isForgotten: boolean;
  isDone: boolean;
  endsInit: boolean;
  abortedHook?: InstanceProcess | undefined;
  leaders: number[];
  leftovers?: { looks: number; killAt: number; kills: number } | undefined;
  setback?: { reason: string; isStart: boolean } | undefined;
  stall?: string | undefined;
  isReady: boolean;
  unready?: string | undefined;
  unhealthy?: string | undefined;
  /** What the service has told of itself. */
  phase?: string | undefined;
  status?: string | undefined;
  watchdogTime?: number | undefined;
  awaitsFile?: string | undefined;
  /** Of the processes that an init script has left behind. */
  script?: "named" | "partial" | "gone" | "orphaned" | undefined;
}

/** A start in a loop that is put off. */
interface PutOff {
  job: Job;
  events: Happening[];
}

/** All that there is. */
export class World {
  jobs: Job[] = [];
  pending: Happening[] = [];
  /** Events that somebody has let go, in that order. */
  letGo: Happening[] = [];
  putOff: PutOff[] = [];
  retried: PutOff[] = [];
  ownTimers = new Map<string, number>();
  /** The instances that a shutdown in order has not told to stop yet. */
  stopQueue: Instance[] | undefined;
  completedTasks: string[] = [];
  stopping = false;
  endsWithRunlevel = false;
  inLastRunlevel = false;
  exitJob: Job | undefined;
  now = 0;
  lastNumber = 0;
  lastCondition = 0;
  events = 0;
  spawnsRequested = 0;
  effects: Effect[] = [];
  muted: readonly NoticeKind[] = [];
  /** What the other engine has done: where the manual leaves an order open, its order is taken. */
  hint: readonly Effect[] = [];
  readonly originalDefaults: Environment;

  constructor(readonly defaults: Environment, readonly initEnvironment: Environment) {
    this.originalDefaults = new Environment(defaults);
  }

  get instances(): Instance[] {
    return this.jobs.flatMap((job) => job.instances);
  }

  job(name: string): Job | undefined {
    return this.jobs.find((job) => nameOf(job) === name);
  }

  find(job: string, instance: string): Instance | undefined {
    return this.instances.find((one) => nameOf(one.job) === job && one.name === instance);
  }

  /** The instance, and which process of it has this number. */
  owner(
    table: "pids" | "spawns",
    number: number,
  ): { instance: Instance; process: InstanceProcess } | undefined {
    for (const instance of this.instances) {
      for (const [process, other] of instance[table]) if (other === number) return { instance, process };
    }
    return undefined;
  }

  /** All conditions on events, in the order in which they were made. */
  get conditions(): { condition: Condition; job?: Job; instance?: Instance }[] {
    return this.jobs.flatMap((job) => [
      ...(job.startOn ? [{ condition: job.startOn, job }] : []),
      ...job.instances.flatMap((instance) =>
        instance.stopOn ? [{ condition: instance.stopOn, instance }] : []
      ),
    ]).sort((one, other) => one.condition.number - other.condition.number);
  }

  /** An effect, unless its kind is muted. Of states that an instance only goes through, only the last is told then. */
  effect(effect: Effect): void {
    if (effect.kind === "log" && effect.priority === "info" && this.muted.includes("info")) return;
    if (effect.kind === "notice") {
      const { notice } = effect, last = this.effects.at(-1);
      if (this.muted.includes(notice.kind)) return;
      const before = last?.kind === "notice" && last.notice.kind === "state-changed"
        ? last.notice
        : undefined;
      const isOfSame = notice.kind === "state-changed" && before?.job === notice.job &&
        before.instance === notice.instance;
      if (isOfSame && this.muted.includes("passing-state")) this.effects.pop();
    }
    this.effects.push(effect);
  }

  notice(notice: EngineNotice): void {
    this.effect({ kind: "notice", notice });
  }

  log(priority: "info" | "warn", message: string): void {
    this.effect({ kind: "log", priority, message });
  }

  emit(name: string, variables: Environment, cause: Cause): Happening {
    const event: Happening = {
      name,
      variables,
      progress: "pending",
      failed: false,
      waiter: undefined,
      chain: undefined,
    };
    this.pending.push(event);
    this.notice({ kind: "event-begun", event: name, environment: variables.pairs(), cause });
    return event;
  }

  /** True while a condition, an instance or a start that is put off holds an event. */
  isHeld(event: Happening): boolean {
    return this.conditions.some(({ condition }) =>
      leavesOf(condition.tree).some((leaf) => leaf.event === event)
    ) ||
      this.instances.some(({ waiters }) => waiters.includes(event)) ||
      [...this.putOff, ...this.retried].some(({ events }) => events.includes(event));
  }

  /** Somebody holds an event no more: when nobody does, it is to be finished. */
  release(event: Happening): void {
    if (event.progress === "handling" && !this.isHeld(event)) this.letGo.push(event);
  }

  condition(source: JobCondition | undefined): Condition | undefined {
    return source && { number: ++this.lastCondition, source, tree: growTree(source) };
  }

  /** Has a condition let go of all events. */
  reset(condition: Condition | undefined): void {
    for (const leaf of condition ? leavesOf(condition.tree) : []) {
      const { event } = leaf;
      leaf.event = undefined;
      if (event) this.release(event);
    }
  }

  setTimer(instance: Instance, purpose: string, delay: number): void {
    this.clearTimer(instance, purpose);
    const number = ++this.lastNumber;
    instance.timers.set(purpose, { number, deadline: this.now + delay });
    this.effect({ kind: "set-timer", timer: number, delay });
  }

  clearTimer(instance: Instance, purpose: string): void {
    const timer = instance.timers.get(purpose);
    if (timer) this.effect({ kind: "clear-timer", timer: timer.number });
    instance.timers.delete(purpose);
  }

  setOwnTimer(purpose: string, delay: number): void {
    if (this.ownTimers.has(purpose)) return;
    this.ownTimers.set(purpose, ++this.lastNumber);
    this.effect({ kind: "set-timer", timer: this.lastNumber, delay });
  }

  /** Sends the process group of an instance's process a signal, and says so. */
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
      `Sending ${signalName(signal) ?? signal} signal to ${describe(instance, process, pid)}`,
    );
    this.effect({ kind: "kill", pid, signal, group: true });
  }

  /** The variables of a job's `env`. */
  ownVariables(definition: JobDefinition, result = new Environment()): Environment {
    for (const entry of definition.env) {
      const name = entry.split("=")[0]!;
      if (EVENT_VARIABLES.includes(name)) continue;
      const inherited = this.initEnvironment.get(entry);
      if (entry.includes("=")) setPair(result, entry);
      else if (inherited !== undefined) result.set(entry, inherited);
    }
    return result;
  }

  /** The environment of a new start. */
  startVariables(definition: JobDefinition, given: string[] = []): Environment {
    return addGiven(this.ownVariables(definition, this.defaults.derive()), environment(given));
  }

  /** The environment of a process: without the variables of init's own user where it runs as another. */
  processVariables({ environment: own, job }: Instance): Environment {
    if (job.definition.setuid === undefined) return own;
    const isInits = (name: string) => own.inherits(name) && own.get(name) === this.initEnvironment.get(name);
    return new Environment(
      Array.from(own).filter(([name]) =>
        !(USER_VARIABLES as readonly string[]).includes(name) || !isInits(name)
      ),
    );
  }
}

const SET_BY_INIT = ["UPSTART_JOB", "UPSTART_INSTANCE", "UPSTART_SESSION", ...EVENT_VARIABLES];

/** Adds what somebody gives, without what only init sets. */
export function addGiven(target: Environment, given: Environment): Environment {
  for (const [name, value] of given) if (!SET_BY_INIT.includes(name)) target.set(name, value);
  return target;
}

export function nameOf(job: Job): string {
  return job.definition.name;
}

export function display(instance: Instance): string {
  return displayName(nameOf(instance.job), instance.name);
}

export function describe(instance: Instance, process: InstanceProcess, pid: number): string {
  return `${display(instance)} ${process} process (${pid})`;
}

/** True for a job with rouse's own semantics. */
export function isRouse({ job }: Instance): boolean {
  return job.definition.semantics === "rouse";
}

export function has(instance: Instance, process: InstanceProcess): boolean {
  return instance.pids.has(process) || instance.spawns.has(process);
}

type Leaf = Tree & { kind: "event" };

function growTree(source: JobCondition): Tree {
  if (source.kind === "event") return { kind: "event", leaf: source };
  return { kind: source.kind, left: growTree(source.left), right: growTree(source.right) };
}

/** The leaves of a condition, from left to right. */
export function leavesOf(tree: Tree): Leaf[] {
  return tree.kind === "event" ? [tree] : [...leavesOf(tree.left), ...leavesOf(tree.right)];
}

/** True when a condition is met. */
export function isMet(
  tree: Tree,
  leafIsMet = (leaf: Leaf) => leaf.event !== undefined || leaf.isUp === true,
): boolean {
  if (tree.kind === "event") return leafIsMet(tree);
  const left = isMet(tree.left, leafIsMet), right = isMet(tree.right, leafIsMet);
  return tree.kind === "and" ? left && right : left || right;
}

/** True unless a job that is not up makes a condition impossible. */
export function isPossible(condition: Condition): boolean {
  return isMet(condition.tree, ({ leaf, isUp }) => levelOf(leaf) === undefined || isUp === true);
}

/** The events by which a condition is met. */
export function eventsBy(tree: Tree): Happening[] {
  if (!isMet(tree)) return [];
  if (tree.kind === "event") return tree.event ? [tree.event] : [];
  return [...eventsBy(tree.left), ...eventsBy(tree.right)];
}
