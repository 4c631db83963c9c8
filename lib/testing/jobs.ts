/** The function `bench()`: it makes definitions of jobs from all sources, and puts them on a test bench. */

import { definedAt, type DefinedJob, isJob, type JobReference } from "../author/conditions.ts";
import { toDefinition } from "../author/definition.ts";
import { sentenceOf } from "../formats/error.ts";
import type { JobDefinition } from "../model/job.ts";
import type { Bench, VariableValues } from "./bench.ts";
import { CheckedBench } from "./checked_bench.ts";
import { type JobSource, JobText, OverriddenJob } from "./sources.ts";

/** Jobs by their names: the name that a file of each job would have without its ending. */
export type Jobs = Readonly<Record<string, JobSource>>;

/** Options of a bench. */
export interface BenchOptions {
  /** Init's own environment, from which `inherited` variables of jobs take their values. Empty by default. */
  environment?: VariableValues;
}

/** A bench on which jobs are referred to as in conditions: by name, or by what was imported. */
export type JobBench = Bench<JobReference>;

/**
 * Makes a bench with jobs, in virtual time and without real processes, on the same engine as init's. Functions,
 * commands and scripts are not run: main processes stay and hooks succeed, unless the test says otherwise.
 *
 *     const jobs = bench({ database, web });
 *     jobs.emit("runlevel", { RUNLEVEL: "2" });
 *     jobs.exit(web, { status: 1 });
 *     jobs.advance("5s");
 *     assert.equal(jobs.state(web), "start/running");
 *
 * A job that is not on the bench, but that conditions refer to, has its own name or that of its module: what
 * waits for `started(database)` goes on with `jobs.emit("started", { JOB: "database" })`.
 *
 * @param jobs By name: what a module exports as its default, or what {@link conf} gives.
 * @throws {Error} when a definition cannot be used, with the reason that init would log.
 */
export function bench(jobs: Jobs, { environment = {} }: BenchOptions = {}): JobBench {
  const names = new Map<DefinedJob, string>();
  for (const [name, source] of Object.entries(jobs)) {
    const [only, ...others] = definedJobs(source);
    if (only && others.length === 0) names.set(only, name);
  }
  const nameOf = (job: DefinedJob) => (job as { name?: string }).name ?? names.get(job);
  const definitions = Object.entries(jobs).flatMap(([name, source]) => define(name, source, nameOf));
  const known = new Set(definitions.map(({ name }) => name));
  const refer = (reference: JobReference) => {
    const name = referredName(reference, nameOf);
    if (known.has(name) || made.engine.jobs.has(name)) return name;
    throw new Error(`There is no job ${name} on the bench; there are ${[...known].join(", ") || "none"}`);
  };
  const made = new CheckedBench<JobReference>(definitions, environment, refer);
  return made;
}

type NameOf = (job: DefinedJob) => string | undefined;

/** The jobs of a source that `job()` made. */
function definedJobs(source: JobSource): readonly DefinedJob[] {
  if (source instanceof OverriddenJob) return definedJobs(source.source);
  if (Array.isArray(source)) return source;
  return isJob(source) ? [source] : [];
}

function define(name: string, source: JobSource, nameOf: NameOf): JobDefinition[] {
  try {
    return definitions(name, source, nameOf);
  } catch (error) {
    throw new Error(`Unable to put ${name} on the bench: ${sentenceOf(error)}`, { cause: error });
  }
}

function definitions(name: string, source: JobSource, nameOf: NameOf): JobDefinition[] {
  if (source instanceof OverriddenJob) {
    return definitions(name, source.source, nameOf).map((job) => source.apply(job));
  }
  if (source instanceof JobText) return source.parse(name);
  const jobs = definedJobs(source);
  if (jobs.length === 0 || !jobs.every(isJob)) {
    throw new Error("it is neither what job() or conf() gives nor an array of jobs");
  }
  return jobs.map((job) => fromModule(name, job, nameOf));
}

function fromModule(module: string, job: DefinedJob, nameOf: NameOf): JobDefinition {
  const name = nameOf(job);
  if (name === undefined) throw new Error("several jobs in one module need a name each");
  const context = {
    name,
    source: module,
    module,
    nameOf: (job: DefinedJob) => nameOf(job) ?? moduleName(job),
  };
  return toDefinition(job, context);
}

/** The name that a job has whose module has no other: that of the file where `job()` was called. */
function moduleName(job: DefinedJob): string | undefined {
  const [, caller = ""] = job[definedAt].split("\n").filter((line) => /^\s*at /.test(line));
  return /([^/\\(]+)\.[cm]?[jt]s:\d+:\d+\)?$/.exec(caller)?.[1];
}

function referredName(reference: JobReference, nameOf: NameOf): string {
  if (typeof reference === "string") return reference;
  const job = typeof reference === "function" ? reference() : reference;
  return nameOf(job) ?? moduleName(job) ?? "without a name";
}
