/**
 * Start loops: jobs that start each other in a circle. Such a loop waits for nothing outside. It would run as fast as
 * the machine can, and fill the memory where each round makes another instance. So after some rounds at full speed
 * each start of the loop is delayed to the next second. No start is lost.
 */

import type { LoadedJob } from "../loaded_job.ts";
import type { Event } from "./event.ts";

/**
 * The chain of jobs that led to something: a job, the job whose events started or stopped that one, and so on. No job is
 * in it twice. A request begins a new chain, and so does a main process that ends by itself with success.
 */
export interface JobChain {
  job: LoadedJob;
  previous: JobChain | undefined;
}

/** How many times in a row a job may start itself without a delay. */
const IMMEDIATE_STARTS = 100;
/** The time (ms) between two starts once they are delayed. */
export const START_DELAY = 1000;

/** How many jobs of a loop a message names. */
const MOST_NAMED = 10;

/**
 * The cause of what another job, which has this cause, does to a job beside events. A job that has led to that itself moves
 * to the front: the others, which may be in a loop with it, stay in the chain.
 */
export function causeBeside(job: LoadedJob, previous: JobChain): JobChain {
  const newer: LoadedJob[] = [];
  for (let cause: JobChain | undefined = previous; cause; cause = cause.previous) {
    if (cause.job !== job) {
      newer.push(cause.job);
      continue;
    }
    const others = newer.reduceRight(
      (previous, job): JobChain => ({ job, previous }),
      cause.previous as JobChain,
    );
    return { job, previous: others };
  }
  return { job, previous };
}

/**
 * The cause of what events do to a job. One event from outside among them begins a new chain. `loop`: the jobs by which
 * the job itself has led to these events.
 */
export function causeOf(
  job: LoadedJob,
  events: Event[],
  others: JobChain[] = [],
): { cause: JobChain; loop: LoadedJob[] | undefined } {
  const causes = events.flatMap(({ cause }) => cause ?? []);
  const isFromOutside = causes.length < events.length;
  causes.push(...others);
  if (isFromOutside) return { cause: { job, previous: undefined }, loop: undefined };
  for (const last of causes) {
    for (let cause: JobChain | undefined = last; cause; cause = cause.previous) {
      if (cause.job === job) return { cause, loop: jobsBetween(cause, last) };
    }
  }
  return { cause: { job, previous: causes.at(-1) }, loop: undefined };
}

function jobsBetween(first: JobChain, last: JobChain): LoadedJob[] {
  const jobs: LoadedJob[] = [];
  for (let cause = last; cause !== first; cause = cause.previous!) jobs.push(cause.job);
  return [first.job, ...jobs.reverse()];
}

/** A start that is delayed, and the events that are held for it. */
interface DelayedStart {
  job: LoadedJob;
  events: Event[];
}

/** Limits how fast jobs in a loop start. */
export class StartThrottle {
  #delayed: DelayedStart[] = [];

  /** Counts one more start of a job by itself. False when that start has to be delayed. */
  allows(job: LoadedJob, now: number): boolean {
    const until = Math.max(job.selfStartsUntil, now) + START_DELAY;
    if (until - now > IMMEDIATE_STARTS * START_DELAY) return false;
    // The job has been at rest since it was reported, so a new loop is reported again.
    if (job.selfStartsUntil <= now) job.isLoopReported = false;
    job.selfStartsUntil = until;
    return true;
  }

  /** Delays a start, and holds its events until whoever calls {@link take} releases them. */
  delay(job: LoadedJob, events: Event[]): void {
    for (const event of events) event.holders++;
    this.#delayed.push({ job, events });
  }

  /** Takes all delayed starts out, in order, to be tried again. */
  take(): DelayedStart[] {
    const delayed = this.#delayed;
    this.#delayed = [];
    return delayed;
  }

  /** True when any start is delayed. */
  get hasDelayed(): boolean {
    return this.#delayed.length > 0;
  }

  /** The delayed starts, in order. */
  get delayed(): readonly DelayedStart[] {
    return this.#delayed;
  }
}

/** The names of a loop's jobs for a message, with the first one again at the end. */
export function describeLoop(jobs: LoadedJob[]): string {
  const names = jobs.slice(0, MOST_NAMED).map(({ name }) => name);
  if (jobs.length > MOST_NAMED) names.push("…");
  return [...names, names[0]].join(", ");
}
