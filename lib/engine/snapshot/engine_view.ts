/** A view of the engine's state as plain data, for GetState and for finding out why nothing happens. */

import type { Environment } from "../../model/environment.ts";
import type { InstanceProcess, JobDefinition } from "../../model/job.ts";
import type { Matcher } from "../conditions/matcher.ts";
import { waitsInWords } from "../dependencies/notes.ts";
import type { EngineState } from "../engine_state.ts";
import type { Event } from "../events/event.ts";
import type { FailureCause, Instance } from "../instance.ts";
import type { LoadedJob } from "../loaded_job.ts";
import type { Goal, State } from "../states.ts";
import { Numbering } from "./numbering.ts";

/**
 * The state of an {@link Engine} for people and tools. It survives JSON; the keys are part of what GetState answers. No
 * engine can be made of it: {@link EngineSnapshot} is for that. Times are in ms from the origin of `now`.
 */
export interface EngineView {
  /** The time of the last input. */
  now: number;
  /** True once init is on its way down. */
  stopping: boolean;
  /** What every job's environment begins with, as `KEY=VALUE`. */
  environment: string[];
  jobs: JobStateView[];
  /** The jobs whose starts are delayed, as they start themselves in a loop. */
  putOff: string[];
  /** The events that are not finished. All other parts refer to them by their index in this list. */
  events: EventStateView[];
}

/** A loaded job. */
interface JobStateView {
  definition: JobDefinition;
  /** The pending definition, which takes effect when the last instance has ended; null: the job is removed then. */
  successor?: JobDefinition | null;
  /** For each event that `start on` mentions, in order: the event that has matched it, or null. */
  startOn: Array<number | null>;
  /** True once it has done its work with success, and is not asked to do it again. */
  completed?: true;
  /** Why its last run failed, for jobs that need it. */
  lastFailure?: string;
  instances: InstanceStateView[];
}

/** An instance. Environments are `KEY=VALUE` strings. */
interface InstanceStateView {
  name: string;
  goal: Goal;
  state: State;
  environment: string[];
  /** The environment of the next start, when it differs. */
  startEnvironment?: string[];
  stopEnvironment?: string[];
  /** Running processes by name. */
  processes: Partial<Record<InstanceProcess, number>>;
  /** True while a process is being spawned. */
  spawning: boolean;
  /** True while a timer is set. */
  timer: boolean;
  failure?: FailureCause;
  /** The event that has to be finished before the next state. */
  blocker?: number;
  /** What it waits for by its dependencies, each in a few words. */
  waitsFor?: string[];
  /** Who waits until the instance is where its goal leads. */
  pending: Array<{ event: number } | { request: number; action: "start" | "stop" | "restart" }>;
  /** As in {@link JobStateView.startOn}, of `stop on`. */
  stopOn: Array<number | null>;
  /** Respawns since `respawnsSince`; that is null for a job without a limit. */
  respawns: number;
  respawnsSince?: number | null;
}

/** An event, and who waits until it is finished. */
interface EventStateView {
  name: string;
  environment: string[];
  progress: Event["progress"];
  failed: boolean;
  /** How many conditions and instances hold it. */
  holders: number;
  waiters: Array<{ job: string; instance: string } | { request: number }>;
}

/** Takes the view. */
export function viewEngine(engine: EngineState): EngineView {
  const events = new Numbering<Event>();
  engine.pendingEvents.forEach((event) => events.of(event));
  const jobs = Array.from(engine.jobs.values(), (job) => viewJob(engine, job, events));
  return {
    now: engine.now,
    stopping: engine.stopping,
    environment: engine.defaults.pairs(),
    jobs,
    putOff: engine.startThrottle.delayed.map(({ job }) => job.name),
    events: events.all.map(viewEvent),
  };
}

/** The numbers of the events that a condition has taken, in the order of its leaves. */
function takenBy(matcher: Matcher | undefined, events: Numbering<Event>): Array<number | null> {
  return matcher?.taken.map((event) => event ? events.of(event) : null) ?? [];
}

function viewJob(
  engine: EngineState,
  { definition, pendingDefinition, startOn, completed, lastFailure, instances }: LoadedJob,
  events: Numbering<Event>,
): JobStateView {
  return {
    definition,
    ...(pendingDefinition && { successor: pendingDefinition.definition ?? null }),
    startOn: takenBy(startOn, events),
    ...(completed && { completed }),
    ...(lastFailure && { lastFailure: lastFailure.reason }),
    instances: Array.from(instances.values(), (instance) => viewInstance(engine, instance, events)),
  };
}

function viewInstance(engine: EngineState, instance: Instance, events: Numbering<Event>): InstanceStateView {
  const waitsFor = waitsInWords(engine, instance);
  const { failure, blocker, startEnvironment, stopEnvironment, respawns, respawnsSince } = instance;
  return {
    name: instance.name,
    goal: instance.goal,
    state: instance.state,
    environment: instance.environment.pairs(),
    ...optional("startEnvironment", startEnvironment),
    ...optional("stopEnvironment", stopEnvironment),
    processes: Object.fromEntries(instance.processes()),
    spawning: instance.spawns.size > 0,
    timer: instance.timers.size > 0,
    ...(failure && { failure }),
    ...(blocker && { blocker: events.of(blocker) }),
    ...(waitsFor.length > 0 && { waitsFor }),
    pending: instance.waiters.map((waiter) =>
      "event" in waiter ? { event: events.of(waiter.event) } : { ...waiter }
    ),
    stopOn: takenBy(instance.stopOn, events),
    respawns,
    ...(respawns > 0 && { respawnsSince: Number.isFinite(respawnsSince) ? respawnsSince : null }),
  };
}

function optional<Key extends string>(key: Key, variables: Environment | undefined) {
  return (variables && { [key]: variables.pairs() }) as { [K in Key]?: string[] } | undefined;
}

function viewEvent(event: Event): EventStateView {
  return {
    name: event.name,
    environment: event.environment.pairs(),
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
