/** The engine's whole state as plain data, for GetState and for whoever wants to know why nothing happens. */

import { type Environment, pairs } from "../model/environment.ts";
import type { InstanceProcess, JobDefinition } from "../model/job.ts";
import type { Event } from "./event.ts";
import type { Failure, Instance } from "./instance.ts";
import type { Job } from "./job.ts";
import type { Machine } from "./machine.ts";
import type { Matcher } from "./matcher.ts";
import type { Goal, State } from "./states.ts";

/** The state of an {@link Engine}. It survives JSON. Times are in ms from the origin of `now`. */
export interface Snapshot {
  /** The time of the last input. */
  now: number;
  /** True once init is on its way down. */
  stopping: boolean;
  /** What every job's environment begins with, as `KEY=VALUE`. */
  environment: string[];
  jobs: JobSnapshot[];
  /** The events on their way; the rest refers to them by their place in this list. */
  events: EventSnapshot[];
}

/** A job, the events that its `start on` has seen, and its instances. */
export interface JobSnapshot {
  definition: JobDefinition;
  /** What takes over when the last instance has ended; null: the job is removed then. */
  successor?: JobDefinition | null;
  /** The event that each event of `start on` has met so far, in their order there; null where none has. */
  startOn: Array<number | null>;
  instances: InstanceSnapshot[];
}

/** An instance. Environments are `KEY=VALUE` strings. */
export interface InstanceSnapshot {
  name: string;
  goal: Goal;
  state: State;
  environment: string[];
  /** The environment of the next start, when it is to be another. */
  startEnvironment?: string[];
  stopEnvironment?: string[];
  /** Running processes by name. */
  processes: Partial<Record<InstanceProcess, number>>;
  /** True while a process is being spawned. */
  spawning: boolean;
  /** True while a timer is set. */
  timer: boolean;
  failure?: Failure;
  /** The event that has to be over first. */
  blocker?: number;
  /** Who waits for the instance. */
  pending: Array<{ event: number } | { request: number; action: "start" | "stop" | "restart" }>;
  /** As in {@link JobSnapshot.startOn}, of `stop on`. */
  stopOn: Array<number | null>;
  /** Respawns since `respawnsSince`. */
  respawns: number;
  respawnsSince?: number;
}

/** An event, and who waits until it is over. */
export interface EventSnapshot {
  name: string;
  environment: string[];
  progress: Event["progress"];
  failed: boolean;
  /** How many conditions and instances hold it. */
  holders: number;
  waiters: Array<{ job: string; instance: string } | { request: number }>;
}

/** Takes the snapshot. */
export function takeSnapshot(machine: Machine): Snapshot {
  const events = new Events();
  machine.pendingEvents.forEach((event) => events.number(event));
  const jobs = Array.from(machine.jobs.values(), (job) => jobSnapshot(job, events));
  return {
    now: machine.now,
    stopping: machine.stopping,
    environment: pairs(machine.defaults),
    jobs,
    events: events.all.map(eventSnapshot),
  };
}

/** Numbers events in the order in which they are met. */
class Events {
  readonly #numbers = new Map<Event, number>();

  number(event: Event): number {
    const number = this.#numbers.get(event) ?? this.#numbers.size;
    this.#numbers.set(event, number);
    return number;
  }

  /** What a condition has seen. */
  seen(matcher: Matcher | undefined): Array<number | null> {
    return matcher?.seen.map((event) => event ? this.number(event) : null) ?? [];
  }

  get all(): Event[] {
    return Array.from(this.#numbers.keys());
  }
}

function jobSnapshot({ definition, successor, startOn, instances }: Job, events: Events): JobSnapshot {
  return {
    definition,
    ...(successor && { successor: successor.definition ?? null }),
    startOn: events.seen(startOn),
    instances: Array.from(instances.values(), (instance) => instanceSnapshot(instance, events)),
  };
}

function instanceSnapshot(instance: Instance, events: Events): InstanceSnapshot {
  const { failure, blocker, startEnvironment, stopEnvironment } = instance;
  return {
    name: instance.name,
    goal: instance.goal,
    state: instance.state,
    environment: pairs(instance.environment),
    ...optional("startEnvironment", startEnvironment),
    ...optional("stopEnvironment", stopEnvironment),
    processes: Object.fromEntries(instance.processes()),
    spawning: instance.spawning !== undefined,
    timer: instance.timer !== undefined,
    ...(failure && { failure }),
    ...(blocker && { blocker: events.number(blocker) }),
    pending: instance.pending.map((waiting) =>
      "event" in waiting ? { event: events.number(waiting.event) } : { ...waiting }
    ),
    stopOn: events.seen(instance.stopOn),
    respawns: instance.respawns,
    ...(instance.respawns > 0 && { respawnsSince: instance.respawnsSince }),
  };
}

function optional<Key extends string>(key: Key, variables: Environment | undefined) {
  return (variables && { [key]: pairs(variables) }) as { [K in Key]?: string[] } | undefined;
}

function eventSnapshot(event: Event): EventSnapshot {
  return {
    name: event.name,
    environment: pairs(event.environment),
    progress: event.progress,
    failed: event.failed,
    holders: event.holders,
    waiters: event.waiters.map((waiter) =>
      "request" in waiter
        ? { request: waiter.request }
        : { job: waiter.instance.job.name, instance: waiter.instance.name }
    ),
  };
}
