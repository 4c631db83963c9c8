/** The rows of a list of jobs: one for each instance, and one for each job that has none. */

import { displayName } from "../../model/display_name.ts";
import type { InstanceReport, Report } from "../../model/insight/report.ts";
import { isOrderly, resultInWords } from "../results.ts";
import type { ObservedInstance } from "./observed.ts";
import { BROKEN, classicState, type JobState, stateOf, type Subject, subjectsOf } from "./states.ts";

/** A row. Times are in ms since 1970. */
export interface JobRow {
  job: string;
  /** The name of the instance; empty for that of a job without `instance`. */
  instance: string;
  title: string;
  state: Pick<JobState, "word" | "paint" | "needsAttention">;
  /** In init(5)'s words: `start/running`; of a broken file, nothing. */
  classic: string;
  since?: number;
  pid?: number;
  restarts: number;
  /** Seconds of processor time. */
  cpuTime?: number;
  /** Bytes. */
  memory?: number;
  /** The share of a processor since the last look, 1 for a whole one. */
  cpuShare?: number;
  /** The last result, or what keeps it. */
  result: string;
  isFailure: boolean;
  description: string;
}

/** What was seen of an instance's processes; undefined where nothing was. */
type Observation = (job: string, instance: InstanceReport) => ObservedInstance | undefined;

/** The rows of a report, in its order; broken files at the end. */
export function rowsOf(report: Report, observe: Observation): JobRow[] {
  const jobs = report.jobs.flatMap((job) =>
    subjectsOf(job).map((subject) => rowOf(subject, report.now, observe))
  );
  const broken = report.broken.map(({ job, problem }): JobRow => ({
    job,
    instance: "",
    title: job,
    state: BROKEN,
    classic: "",
    restarts: 0,
    result: problem,
    isFailure: true,
    description: "",
  }));
  return [...jobs, ...broken];
}

/** The row of a job, or of one of its instances. */
export function rowOf(subject: Subject, now: number, observe: Observation): JobRow {
  const { job, instance, past } = subject, shown = instance ?? past, last = shown?.last;
  const observed = instance && observe(job.name, instance);
  const main = instance?.processes.find(({ name }) => name === "main") ?? instance?.processes[0];
  const isUp = instance?.goal === "start" && instance.state === "running";
  const remark = (instance ? holdsUp(instance) : job.remark) || job.logProblem ||
    (isUp && job.problem ? `its file has an error: ${job.problem}` : undefined);
  // That a run before this one ended as it was told to is no news, nor is a failure before somebody started it anew.
  const isOld = isUp && last && (isOrderly(last) || instance.restarts === 0);
  const state = stateOf(subject);
  return {
    job: job.name,
    instance: shown?.name ?? "",
    title: displayName(job.name, shown?.name ?? ""),
    state: job.problem ? { ...state, needsAttention: true } : state,
    classic: classicState(instance),
    ...shown?.since !== undefined && { since: shown.since },
    ...main && { pid: main.pid },
    restarts: instance?.restarts ?? 0,
    ...observed && { cpuTime: observed.cpuTime, memory: observed.memory },
    // When a run was that has left nothing, the column beside tells.
    result: remark || (last && !isOld ? resultInWords(last, instance && now) : ""),
    isFailure: last?.isFailure ?? false,
    description: job.description ?? "",
  };
}

/** What is wrong with an instance that is there, or what it waits for. */
function holdsUp({ checks, waitsFor, note }: InstanceReport): string | undefined {
  const failing = checks.filter(({ passes }) => passes === false)
    .map(({ use, reason }) => reason === undefined ? `${use} fails` : `${use}: ${reason}`);
  return [...failing, ...waitsFor].join("; ") || note;
}

/** True for what `--state` names: a word of the list, a goal, a state, or both as `start/running`. */
export function isInState({ state, classic }: JobRow, wanted: string): boolean {
  return state.word === wanted || classic === wanted || classic.split("/").includes(wanted);
}

/** Compares rows: negative where the first one goes first. */
type Order = (one: JobRow, other: JobRow) => number;

const byName: Order = (one, other) => one.title < other.title ? -1 : one.title > other.title ? 1 : 0;

/** The largest first; what has no figure is last. */
function largest(figure: (row: JobRow) => number | undefined): Order {
  return (one, other) => (figure(other) ?? -1) - (figure(one) ?? -1);
}

/** The keys of `--sort`. */
export const ORDERS: Readonly<Record<string, Order>> = {
  name: byName,
  // What needs attention first.
  state: (one, other) =>
    Number(other.state.needsAttention ?? false) - Number(one.state.needsAttention ?? false) ||
    (one.state.word < other.state.word ? -1 : one.state.word > other.state.word ? 1 : 0),
  since: largest(({ since }) => since),
  pid: (one, other) => (one.pid ?? Infinity) - (other.pid ?? Infinity) || 0,
  restarts: largest(({ restarts }) => restarts),
  cpu: largest(({ cpuShare, cpuTime }) => cpuShare ?? cpuTime),
  memory: largest(({ memory }) => memory),
};

/** Rows in the order of a key; those that are equal by it are in the order of their names. */
export function sorted(rows: readonly JobRow[], key: string): JobRow[] {
  const order = ORDERS[key]!;
  return [...rows].sort((one, other) => order(one, other) || byName(one, other));
}
