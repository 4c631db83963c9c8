/**
 * A snapshot of the engine: its whole state as plain JSON data. An engine that is restored from it has the same future:
 * the same inputs lead to the same effects.
 *
 * Every field is always there; null stands for what there is not. Jobs, events, causes and base environments are
 * referred to by their index in the snapshot's list of them. Times are in ms, by the clock of `now.monotonic`.
 */

import type { Exit } from "../../model/exit.ts";
import type { InstanceProcess, JobDefinition } from "../../model/job.ts";
import type { CheckPurpose } from "../checks/instance_checks.ts";
import type { NoticeKind, Time } from "../effects.ts";
import type { FailureCause, Leftovers, Setback } from "../instance.ts";
import type { ScriptReport } from "../services/self_report.ts";
import type { Goal, State } from "../states.ts";
import type { EngineTimerPurpose, InstanceTimerPurpose } from "../timers.ts";

/** The version of the snapshots that this engine saves and restores. It changes with the fields. */
export const SNAPSHOT_VERSION = 2;

/** The whole state of an engine. */
export interface EngineSnapshot {
  version: typeof SNAPSHOT_VERSION;
  /** When it was saved. */
  now: Time;
  /** The last number of a spawn, a timer or a check. */
  lastNumber: number;
  muted: NoticeKind[];
  /** True where the runlevels 0 and 6 end the system. */
  endsWithRunlevel: boolean;
  inLastRunlevel: boolean;
  /** True once init is on its way down. */
  stopping: boolean;
  /** What every job's environment begins with, as `KEY=VALUE`. */
  defaults: string[];
  /** The same as init began, for `reset-env`. */
  originalDefaults: string[];
  /** Init's own environment. */
  initEnvironment: string[];
  /** The environments that others are derived from, as `KEY=VALUE`. */
  bases: string[][];
  jobs: SavedJob[];
  /** The names of jobs that are gone, but are still referred to as causes. Their indices follow those of `jobs`. */
  removedJobs: string[];
  /** Each refers to earlier ones alone. */
  causes: SavedCause[];
  events: SavedEvent[];
  /** The events that the conditions have not seen, in the order in which they were emitted. */
  pendingEvents: number[];
  /** The events that nothing holds any more, to be finished. */
  releasedEvents: number[];
  delayedStarts: SavedDelayedStart[];
  /** The engine's own timers. */
  timers: Partial<Record<EngineTimerPurpose, SavedTimer>>;
  /** The job with which init ends, once its main process has ended. */
  exitJob: number | null;
  /** While everything is stopped in order: the instances that are not told to stop yet. */
  stopQueue: SavedInstanceName[] | null;
  /** Those of them that come once others are gone that depend on them. */
  heldStops: SavedInstanceName[];
  /** The instances that dependencies held, and that may go on now. */
  pendingInstances: SavedInstanceName[];
  /** The jobs whose level conditions may have changed. */
  pendingLevels: number[];
  /** The tasks whose files are gone, and that had succeeded. */
  completedTasks: string[];
}

/** An environment: what it is derived from, and how it differs. */
export interface SavedEnvironment {
  base: number | null;
  /** `KEY=VALUE`, or a bare `KEY` for a variable of the base that is deleted. */
  changes: string[];
}

/** A loaded job. */
export interface SavedJob {
  definition: JobDefinition;
  /** What replaces the definition when the last instance has ended; a null in it: the job is removed then. */
  pendingDefinition: { definition: JobDefinition | null } | null;
  /** Null for a job that no event starts, or that is to be removed. */
  startOn: SavedMatcher | null;
  selfStartsUntil: number | null;
  isLoopReported: boolean;
  completed: boolean;
  lastFailure: { reason: string; exit: Exit | null } | null;
  instances: SavedInstance[];
}

/** The progress of a condition. */
export interface SavedMatcher {
  /** Events are shown to conditions with lower numbers first. */
  order: number;
  /** For each event that the condition mentions, in order: the event that has matched it, or null. */
  taken: Array<number | null>;
  /** Which of its leaves, by their index, say that a job is up that is. */
  up: number[];
}

/** An instance. */
export interface SavedInstance {
  name: string;
  goal: Goal;
  state: State;
  environment: SavedEnvironment;
  startEnvironment: SavedEnvironment | null;
  stopEnvironment: SavedEnvironment | null;
  cause: number;
  failure: FailureCause | null;
  lastExit: Exit | null;
  isDone: boolean;
  setback: Setback | null;
  stall: string | null;
  /** The event that has to be finished before the next state. */
  blocker: number | null;
  waiters: Array<{ event: number } | { request: number; action: "start" | "stop" | "restart" }>;
  stopOn: SavedMatcher | null;
  timers: Partial<Record<InstanceTimerPurpose, SavedTimer>>;
  /** The numbers of the spawns that are in progress. */
  spawns: Partial<Record<InstanceProcess, number>>;
  pids: Partial<Record<InstanceProcess, number>>;
  forks: number;
  isExpectMet: boolean;
  checks: SavedChecks;
  report: SavedReport;
  endsInit: boolean;
  tracksForksUntil: number | null;
  respawns: number;
  respawnsSince: number | null;
  mainStartedAt: number | null;
  upSince: number | null;
  failures: number;
  nextStartAt: number | null;
  isTimedOut: boolean;
  isForced: boolean;
  isForgotten: boolean;
  abortedHook: InstanceProcess | null;
  leaders: number[];
  leftovers: Leftovers | null;
}

/** What is known of an instance by its checks. */
export interface SavedChecks {
  /** The numbers of those that are made. */
  running: Partial<Record<CheckPurpose, number>>;
  isReady: boolean;
  unready: string | null;
  unhealthy: string | null;
}

/** What an instance has told of itself. */
export interface SavedReport {
  status: string | null;
  phase: "reloading" | "stopping" | null;
  watchdogTime: number | null;
  awaits: string | null;
  script: ScriptReport | null;
}

/** An instance that something refers to. */
export interface SavedInstanceName {
  job: number;
  instance: string;
}

/** A timer that is set. */
export interface SavedTimer {
  number: number;
  /** When it expires. */
  deadline: number;
}

/** A link of a chain of causes. */
export interface SavedCause {
  job: number;
  previous: number | null;
}

/** An event that is not finished. Instances that wait for it have it as their `blocker`. */
export interface SavedEvent {
  name: string;
  environment: SavedEnvironment;
  progress: "pending" | "handling";
  failed: boolean;
  cause: number | null;
  /** The requests that wait for it. */
  requests: number[];
}

/** A start of a job in a loop that is delayed, and the events that are held for it. */
export interface SavedDelayedStart {
  job: number;
  events: number[];
}
