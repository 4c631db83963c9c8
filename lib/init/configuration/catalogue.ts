/**
 * Which definition of a job is in force: precedence among configuration directories, overrides, files that
 * broke, and what has changed since it was last asked. Pure: knows nothing of files and formats.
 *
 * The rules, best first:
 * 1. A file that can be read goes before one that is broken and stands for its last good definition, so
 *    a broken edit takes no good job away, and a good file of a later directory takes over.
 * 2. An earlier directory goes before a later one; jobs compiled in come last.
 * 3. Within a directory `NAME.ts` goes before `NAME.conf`.
 * 4. The definition is then overridden by the first override, in the same order, of the definition's own
 *    directory or one before it.
 */

import type { JobDefinition } from "../../model/job.ts";

/** What has become of a job: its new definition, or undefined when there is none any more. */
export interface Change {
  name: string;
  definition: JobDefinition | undefined;
}

/** Applies an override to a definition and returns the result; throws when it cannot. */
export type Override = (definition: JobDefinition) => JobDefinition;

/** The directory number of jobs that are compiled in. */
export const COMPILED_IN = Infinity;

/** Where a file stands in the order of precedence. */
export interface Place {
  /** The number of its configuration directory; lower goes first. */
  directory: number;
  /** Decides among the files of one directory; lower goes first. */
  rank: number;
}

/** What one file says of one job. */
interface Entry<Value> extends Place {
  file: string;
  name: string;
  value: Value;
  /** True when the file is broken now and this is what it said before. */
  broken: boolean;
}

/** What files say of jobs, found by the job's name and by the file. */
class Shelf<Value> {
  readonly #byFile = new Map<string, Entry<Value>[]>();
  readonly #byName = new Map<string, Entry<Value>[]>();

  constructor(private readonly touched: Set<string>) {}

  /** Notes what a file says of one more job. */
  add(file: string, { directory, rank }: Place, name: string, value: Value): void {
    const entry = { file, name, value, directory, rank, broken: false };
    append(this.#byFile, file, entry);
    append(this.#byName, name, entry);
    this.touched.add(name);
  }

  break(file: string): void {
    for (const entry of this.#byFile.get(file) ?? []) {
      if (entry.broken) return;
      entry.broken = true;
      this.touched.add(entry.name);
    }
  }

  remove(file: string): void {
    const entries = this.#byFile.get(file);
    if (!entries) return;
    this.#byFile.delete(file);
    for (const entry of entries) {
      const left = this.#byName.get(entry.name)!.filter((other) => other !== entry);
      if (left.length > 0) this.#byName.set(entry.name, left);
      else this.#byName.delete(entry.name);
      this.touched.add(entry.name);
    }
  }

  /** The entry that goes before all others of a name, among those of directories up to a number. */
  first(name: string, lastDirectory: number): Entry<Value> | undefined {
    let best: Entry<Value> | undefined;
    for (const entry of this.#byName.get(name) ?? []) {
      if (entry.directory <= lastDirectory && (!best || precedes(entry, best))) best = entry;
    }
    return best;
  }
}

function append<Value>(lists: Map<string, Value[]>, key: string, value: Value): void {
  const list = lists.get(key);
  if (list) list.push(value);
  else lists.set(key, [value]);
}

function precedes<Value>(one: Entry<Value>, other: Entry<Value>): boolean {
  if (one.broken !== other.broken) return other.broken;
  if (one.directory !== other.directory) return one.directory < other.directory;
  return one.rank < other.rank;
}

/** What a published definition was made of, to see whether anything is new. */
interface Published {
  base: JobDefinition;
  override: Override | undefined;
  definition: JobDefinition;
}

/** All that the configuration's files say, and which of it counts. */
export class Catalogue {
  readonly #touched = new Set<string>();
  readonly #definitions = new Shelf<JobDefinition>(this.#touched);
  readonly #overrides = new Shelf<Override>(this.#touched);
  readonly #published = new Map<string, Published>();

  /** Notes the jobs that a file defines, instead of those it defined before. */
  define(file: string, place: Place, jobs: readonly JobDefinition[]): void {
    // What comes of modules may name a job twice.
    const each = jobs.length > 1 ? new Map(jobs.map((job) => [job.name, job])).values() : jobs;
    this.#definitions.remove(file);
    for (const job of each) this.#definitions.add(file, place, job.name, job);
  }

  /** Notes a file that overrides the job of this name, instead of what it said before. */
  override(file: string, place: Place, name: string, override: Override): void {
    this.#overrides.remove(file);
    this.#overrides.add(file, place, name, override);
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
  changes(): Change[] {
    const changes: Change[] = [];
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

  /** The definition in force as of the last call of {@link changes}. */
  definition(name: string): JobDefinition | undefined {
    return this.#published.get(name)?.definition;
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
    const override = this.#overrides.first(name, first.directory)?.value;
    if (before?.base === first.value && before.override === override) return before;
    const definition = override ? override(first.value) : first.value;
    return { base: first.value, override, definition };
  }
}
