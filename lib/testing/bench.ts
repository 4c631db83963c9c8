/** Putting jobs on the engine's test bench. */

import { definedAt, type DefinedJob, isJob, type JobReference } from "../author/conditions.ts";
import { toDefinition } from "../author/definition.ts";
import { Bench, type Variables } from "../engine/testing/bench.ts";
import type { JobDefinition } from "../model/job.ts";
import { Classic, Overridden, type Source } from "./sources.ts";

/** Jobs by their names: the name that a file of each job would have without its ending. */
export type Jobs = Readonly<Record<string, Source>>;

/** What a bench is made of beside its jobs. */
export interface BenchOptions {
  /** Init's own environment, from which jobs get what their `env` takes as `inherited`. Empty by default. */
  environment?: Variables;
}

/** A bench on which jobs can be referred to as in conditions: by name, or as what was imported. */
export type JobBench = Bench<JobReference>;

/**
 * A bench with jobs, driven in virtual time, without processes, on the very engine that init runs. Functions,
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
 * @throws {Error} for a job whose definition cannot be used, with the reason that init would tell.
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
    throw new Error(`There is no job ${name} on the bench; there are ${[...known].join(", ")}`);
  };
  const made = new Bench<JobReference>(definitions, environment, refer);
  return made;
}

type NameOf = (job: DefinedJob) => string | undefined;

/** The jobs of a source that `job()` made. */
function definedJobs(source: Source): readonly DefinedJob[] {
  if (source instanceof Overridden) return definedJobs(source.source);
  if (Array.isArray(source)) return source;
  return isJob(source) ? [source] : [];
}

function define(name: string, source: Source, nameOf: NameOf): JobDefinition[] {
  try {
    return definitions(name, source, nameOf);
  } catch (error) {
    throw new Error(`Unable to put ${name} on the bench: ${(error as Error).message}`, { cause: error });
  }
}

function definitions(name: string, source: Source, nameOf: NameOf): JobDefinition[] {
  if (source instanceof Overridden) {
    return definitions(name, source.source, nameOf).map((job) => source.apply(job));
  }
  if (source instanceof Classic) return [source.parse(name)];
  const jobs = definedJobs(source);
  if (jobs.length === 0 || !jobs.every(isJob)) {
    throw new Error("it is neither what job() or conf() gives nor an array of jobs");
  }
  return jobs.map((job) => fromModule(name, job, nameOf));
}

function fromModule(module: string, job: DefinedJob, nameOf: NameOf): JobDefinition {
  const name = nameOf(job);
  if (name === undefined) throw new Error("several jobs in one module need a name each");
  const surroundings = {
    name,
    source: module,
    module,
    nameOf: (job: DefinedJob) => nameOf(job) ?? moduleName(job),
  };
  return toDefinition(job, surroundings);
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
