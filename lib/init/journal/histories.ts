/**
 * The histories of instances: since when they are as they are, who started and stopped them, how their last run went. The
 * engine knows how things stand, and not since when.
 */

import type { Cause, RunResult } from "../../model/insight/journal.ts";
import type { InstanceProcess } from "../../model/job.ts";
import type { Notice, RunFailure } from "../../model/requests.ts";
import type { Part } from "../parts/part.ts";
import { shortCause, shortText } from "./short.ts";

/** A change of a goal. */
interface GoalChange {
  at: number;
  cause: Cause;
}

/** What is known of an instance. Times are in ms since 1970. */
export interface History {
  readonly job: string;
  readonly instance: string;
  goal: string;
  state: string;
  /** Since when it is in this state. */
  since: number;
  started?: GoalChange;
  stopped?: GoalChange;
  /** How the last run ended that has ended. */
  last?: RunResult;
  /** How often it was respawned since it was last started by an event or a request. */
  restarts: number;
  /** The failures in a row, and when the first of them was. */
  failures: number;
  failuresSince: number;
  /** True where the present run has failed. */
  hasFailed: boolean;
  /** The processes that run. This table and the next two are replaced, and never changed. */
  processes: Readonly<Partial<Record<InstanceProcess, { pid: number; since: number }>>>;
  /** The processes that have ended in the present run: how long each had run (ms). */
  durations: Readonly<Partial<Record<InstanceProcess, number>>>;
  /** The answers of checks in the present run, by their use. */
  checks: Readonly<Record<string, { passes: boolean; reason?: string; since: number }>>;
}

/** The empty table. Most instances have nothing else most of the time. */
const NONE = {};

/** How many past instances are kept of a job, and of all jobs, and about how many bytes all of these take at most. */
const MOST_OF_JOB = 8, MOST_PAST = 1000, LARGEST_PAST = 1_000_000;

/** What is saved of {@link Histories}. */
export interface SavedHistories {
  present: History[];
  past: History[];
}

/** By job, then by instance. */
type Table = Map<string, Map<string, History>>;

/** The history of an instance that is gone, as JSON: a text takes a fraction of what its dozen objects would. */
interface Past {
  readonly job: string;
  readonly instance: string;
  readonly text: string;
}

type InstanceNotice = Extract<Notice, { instance: string }>;

type Followers = {
  [Kind in InstanceNotice["kind"]]?: (
    history: History,
    notice: Extract<InstanceNotice, { kind: Kind }>,
    now: number,
  ) => void;
};

/** The histories of instances that are there, and the last ones of those that are gone. */
export class Histories implements Part<SavedHistories> {
  readonly #present: Table = new Map();
  /** By job, the oldest first. */
  readonly #past = new Map<string, Past[]>();
  /** Those of all jobs, the oldest first. */
  readonly #inOrder = new Set<Past>();
  /** About how many bytes those take. */
  #pastSize = 0;

  /** Called when a run has failed. */
  onFailure: (history: History, result: RunResult) => void = () => {};

  /** What is known of an instance that is there. */
  of(job: string, instance: string): History | undefined {
    return this.#present.get(job)?.get(instance);
  }

  /** The histories of a job's instances that are gone, the newest first. */
  pastOf(job: string): History[] {
    return (this.#past.get(job) ?? []).map(historyOf).reverse();
  }

  /** To be called with every notice. `now` in ms since 1970. */
  observe(notice: Notice, now: number): void {
    if (notice.kind === "job-removed") return this.#forget(notice.job);
    if (!("instance" in notice)) return;
    const { job, instance } = notice;
    if (notice.kind === "instance-added") return this.#begin(job, instance, now);
    const history = this.of(job, instance);
    if (!history) return;
    if (notice.kind === "instance-removed") return this.#end(history);
    const follow = this.#followers[notice.kind] as
      | ((history: History, notice: Notice, now: number) => void)
      | undefined;
    follow?.(history, notice, now);
  }

  readonly #followers: Followers = {
    "goal-changed": changeGoal,
    "state-changed"(history, { state }, now) {
      history.state = state;
      history.since = now;
      if (state === "starting") beginRun(history);
    },
    "spawned"(history, { process, pid }, now) {
      history.processes = { ...history.processes, [process]: { pid, since: now } };
    },
    "process-ended"(history, { process, exit }, now) {
      const since = history.processes[process]?.since;
      const duration = since === undefined ? undefined : now - since;
      history.processes = without(history.processes, process);
      if (duration !== undefined) history.durations = { ...history.durations, [process]: duration };
      if (process !== "main" || history.hasFailed) return;
      history.last = {
        at: now,
        ...(duration !== undefined && { duration }),
        process,
        exit,
        isFailure: false,
      };
    },
    "failed": (history, { failure }, now) => this.#fail(history, failure, now),
    "respawned": (history, { failure }, now) => {
      history.restarts++;
      this.#fail(history, failure, now);
    },
    "check-changed"(history, { check, passes, reason }, now) {
      const before = history.checks[check];
      const answer = {
        passes,
        ...(reason !== undefined && { reason: shortText(reason) }),
        since: before?.passes === passes ? before.since : now,
      };
      history.checks = { ...history.checks, [check]: answer };
    },
  };

  #begin(job: string, instance: string, now: number): void {
    const past = this.#takePast(job, instance);
    put(this.#present, past ? historyOf(past) : newHistory(job, instance, now));
  }

  #end(history: History): void {
    take(this.#present, history);
    history.processes = history.durations = history.checks = NONE;
    this.#takePast(history.job, history.instance);
    this.#keepPast(history);
  }

  #keepPast(history: History): void {
    const { job, instance } = history, past = { job, instance, text: JSON.stringify(history) };
    let ofJob = this.#past.get(job);
    if (!ofJob) this.#past.set(job, ofJob = []);
    ofJob.push(past);
    this.#inOrder.add(past);
    this.#pastSize += sizeOf(past);
    if (ofJob.length > MOST_OF_JOB) this.#dropPast(ofJob[0]!);
    while (this.#inOrder.size > MOST_PAST || this.#pastSize > LARGEST_PAST) {
      this.#dropPast(first(this.#inOrder));
    }
  }

  #takePast(job: string, instance: string): Past | undefined {
    const past = this.#past.get(job)?.find((one) => one.instance === instance);
    if (past) this.#dropPast(past);
    return past;
  }

  #dropPast(past: Past): void {
    const ofJob = this.#past.get(past.job)!;
    ofJob.splice(ofJob.indexOf(past), 1);
    if (ofJob.length === 0) this.#past.delete(past.job);
    this.#inOrder.delete(past);
    this.#pastSize -= sizeOf(past);
  }

  #forget(job: string): void {
    for (const past of [...this.#past.get(job) ?? []]) this.#dropPast(past);
  }

  #fail(history: History, failure: RunFailure, now: number): void {
    if (history.hasFailed && !failure.gaveUp) return;
    if (!history.hasFailed) {
      history.failures++;
      if (history.failures === 1) history.failuresSince = now;
    }
    history.hasFailed = true;
    history.last = resultOf(history, failure, now);
    this.onFailure(history, history.last);
  }

  save(): SavedHistories {
    const present = [...this.#present.values()].flatMap((ofJob) => [...ofJob.values()]);
    return { present, past: Array.from(this.#inOrder, historyOf) };
  }

  restore({ present, past }: SavedHistories): void {
    for (const history of present) put(this.#present, history);
    for (const history of past) this.#keepPast(history);
  }
}

function newHistory(job: string, instance: string, now: number): History {
  return {
    job,
    instance,
    goal: "stop",
    state: "waiting",
    since: now,
    restarts: 0,
    failures: 0,
    failuresSince: 0,
    hasFailed: false,
    processes: NONE,
    durations: NONE,
    checks: NONE,
  };
}

/** A respawn is no start: that of before is what led to it. */
function changeGoal(
  history: History,
  { goal, cause }: Extract<Notice, { kind: "goal-changed" }>,
  at: number,
): void {
  history.goal = goal;
  if (goal === "stop") history.stopped = { at, cause: shortCause(cause) };
  else if (cause.by !== "respawn") {
    history.started = { at, cause: shortCause(cause) };
    history.restarts = 0;
  }
}

/** The failures in a row end with a run that has not failed. */
function beginRun(history: History): void {
  if (!history.hasFailed) history.failures = 0;
  history.hasFailed = false;
  history.durations = history.checks = NONE;
}

/** A table of processes without one of them. */
function without(processes: History["processes"], process: InstanceProcess): History["processes"] {
  const { [process]: _, ...others } = processes;
  return Object.keys(others).length > 0 ? others : NONE;
}

function historyOf({ text }: Past): History {
  return JSON.parse(text);
}

/** About what it takes, in bytes. */
function sizeOf({ instance, text }: Past): number {
  return 200 + instance.length + text.length;
}

function resultOf(
  { processes, durations, failures, failuresSince }: History,
  { process, exit, reason, gaveUp }: RunFailure,
  now: number,
): RunResult {
  const running = processes[process];
  const duration = running ? now - running.since : durations[process];
  return {
    at: now,
    ...(duration !== undefined && { duration }),
    process,
    ...(exit && { exit }),
    isFailure: true,
    ...(reason !== undefined && { reason: shortText(reason) }),
    failures,
    failuresSince,
    ...(gaveUp && { gaveUp }),
  };
}

function put(table: Table, history: History): void {
  let ofJob = table.get(history.job);
  if (!ofJob) table.set(history.job, ofJob = new Map());
  ofJob.set(history.instance, history);
}

function take(table: Table, { job, instance }: History): void {
  const ofJob = table.get(job);
  ofJob?.delete(instance);
  if (ofJob?.size === 0) table.delete(job);
}

/** The first of some, of which there is one. */
function first<One>(some: Iterable<One>): One {
  for (const one of some) return one;
  throw new Error("nothing is first");
}
