/**
 * The registry of jobs: which definition of each is in force, by precedence among configuration directories, overrides
 * and files that broke, and what has changed since it was last asked. Pure: knows nothing of files and formats.
 *
 * The rules, best first:
 * 1. A file that can be read goes before one that is broken and stands for its last good definition, so
 *    a broken edit takes no good job away, and a good file of a later directory takes over.
 * 2. An earlier directory goes before a later one; jobs compiled in come last.
 * 3. Within a directory `NAME.ts` goes before the files of the formats.
 * 4. The definition is then overridden by the first override, in the same order, of the definition's own
 *    directory or one before it, unless that asks for more than the definition's file allows.
 */

import type { DefinitionChange } from "../engine/effects.ts";
import type { JobDefinition } from "../model/job.ts";
import { COMPILED_IN, type Entry, goesBefore, LayeredIndex, type Precedence } from "./layered_index.ts";

/**
 * Applies an override to a definition and returns the result.
 * @throws {Error} when the override asks for more than it may.
 */
export type Override = (definition: JobDefinition) => JobDefinition;

/** A definition, and what it must be whatever overrides it. */
interface Defined {
  job: JobDefinition;
  confine: Override | undefined;
}

/** A published definition and its sources, to see whether anything is new. */
interface Published {
  base: JobDefinition;
  override: Override | undefined;
  definition: JobDefinition;
}

/** The jobs that files define, and what overrides them. */
export class JobRegistry {
  readonly #touched = new Set<string>();
  readonly #definitions = new LayeredIndex<Defined>(this.#touched);
  readonly #overrides = new LayeredIndex<Override>(this.#touched);
  readonly #published = new Map<string, Published>();

  /** @param onOverride called with each file that was to override a job, and the error with which it is passed over. */
  constructor(private readonly onOverride?: (file: string, error: Error | undefined) => void) {}

  /**
   * Notes the jobs that a file defines, instead of those it defined before.
   * @param confine Applied again to the result of an override, which may ask for more than the job may have.
   */
  define(file: string, precedence: Precedence, jobs: readonly JobDefinition[], confine?: Override): void {
    // A module may name a job twice.
    const each = jobs.length > 1 ? new Map(jobs.map((job) => [job.name, job])).values() : jobs;
    this.#definitions.remove(file);
    for (const job of each) this.#definitions.add(file, precedence, job.name, { job, confine });
  }

  /** Notes a file that overrides the job of this name, instead of what it said before. */
  override(file: string, precedence: Precedence, name: string, override: Override): void {
    this.#overrides.remove(file);
    this.#overrides.add(file, precedence, name, override);
  }

  /** Notes that a file cannot be understood any more: what it said last counts where nothing else does. */
  break(file: string): void {
    this.#definitions.break(file);
    this.#overrides.break(file);
  }

  /** Forgets a file. */
  remove(file: string): void {
    this.#definitions.remove(file);
    this.#overrides.remove(file);
  }

  /** The jobs whose definitions are not what they were at the last call, each with its new one. */
  changes(): DefinitionChange[] {
    const changes: DefinitionChange[] = [];
    for (const name of this.#touched) {
      const before = this.#published.get(name);
      const now = this.#current(name, before);
      if (now === before) continue;
      if (now) this.#published.set(name, now);
      else this.#published.delete(name);
      changes.push({ name, definition: now?.definition });
    }
    this.#touched.clear();
    return changes;
  }

  /** True when a file defines a job of this name, or did before it broke. */
  defines(file: string, name: string): boolean {
    return this.#definitions.has(file, name);
  }

  /** True when a file says something of a job, or did before it broke. */
  remembers(file: string): boolean {
    return this.#definitions.has(file) || this.#overrides.has(file);
  }

  /** True when a file in order defines a job of this name and takes precedence. */
  goesBefore(name: string, precedence: Precedence): boolean {
    const first = this.#definitions.first(name, COMPILED_IN);
    return first !== undefined && !first.broken && goesBefore(first, { ...precedence, broken: false });
  }

  /** The names of all jobs that are in force as of the last call of {@link changes}, and those that they provide. */
  provided(): Set<string> {
    const definitions = Array.from(this.#published.values(), ({ definition }) => definition);
    return new Set(definitions.flatMap(({ name, provides }) => [name, ...provides]));
  }

  /** The definition in force as of the last call of {@link changes}. */
  definition(name: string): JobDefinition | undefined {
    return this.#published.get(name)?.definition;
  }

  /** The file whose override is part of the definition of a job. */
  overrideOf(name: string): string | undefined {
    const first = this.#definitions.first(name, COMPILED_IN);
    return first && this.#overrides.first(name, first.directory)?.file;
  }

  /** The files that are broken now and that the definition in force was made of when they were good. */
  brokenFiles(name: string): string[] {
    const first = this.#definitions.first(name, COMPILED_IN);
    const override = first && this.#overrides.first(name, first.directory);
    return [first, override].flatMap((entry) => entry?.broken ? entry.file : []);
  }

  #current(name: string, before: Published | undefined): Published | undefined {
    const first = this.#definitions.first(name, COMPILED_IN);
    if (!first) return undefined;
    const override = this.#overrides.first(name, first.directory);
    const base = first.value.job;
    if (before?.base === base && before.override === override?.value) return before;
    const definition = override ? this.#overridden(first.value, override) : base;
    return { base, override: override?.value, definition };
  }

  #overridden({ job, confine }: Defined, { value: override, file, broken }: Entry<Override>): JobDefinition {
    let result = job, error: Error | undefined;
    try {
      const overridden = override(job);
      result = confine ? confine(overridden) : overridden;
    } catch (thrown) {
      error = thrown as Error;
    }
    if (!broken) this.onOverride?.(file, error);
    return result;
  }
}
