/**
 * An index of what files say of jobs, in layers by precedence: found by the job's name and by the file. Pure: knows
 * nothing of formats and of the file system.
 */

/** Where a file stands in the order of precedence. */
export interface Precedence {
  /** The number of its configuration directory; lower goes first. */
  directory: number;
  /** Decides among the files of one directory; lower goes first. */
  rank: number;
}

/** The directory number of jobs that are compiled in: they come last. */
export const COMPILED_IN = Infinity;

/** What one file says of one job. */
export interface Entry<Value> extends Precedence {
  file: string;
  name: string;
  value: Value;
  /** True when the file is broken now and this is what it said before. */
  broken: boolean;
}

/** An index of values by files and by names of jobs. */
export class LayeredIndex<Value> {
  readonly #byFile = new Map<string, Entry<Value>[]>();
  readonly #byName = new Map<string, Entry<Value>[]>();

  /** @param touched Gets the name of each job of which something else is said than before. */
  constructor(private readonly touched: Set<string>) {}

  /** Adds what a file says of one more job. */
  add(file: string, { directory, rank }: Precedence, name: string, value: Value): void {
    const entry = { file, name, value, directory, rank, broken: false };
    append(this.#byFile, file, entry);
    append(this.#byName, name, entry);
    this.touched.add(name);
  }

  /** True where a file says something of the job of this name, or of any job. */
  has(file: string, name?: string): boolean {
    const entries = this.#byFile.get(file) ?? [];
    return name === undefined ? entries.length > 0 : entries.some((entry) => entry.name === name);
  }

  /** Marks all that a file says as broken. */
  break(file: string): void {
    for (const entry of this.#byFile.get(file) ?? []) {
      if (entry.broken) return;
      entry.broken = true;
      this.touched.add(entry.name);
    }
  }

  /** Removes all that a file says. */
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
      if (entry.directory <= lastDirectory && (!best || goesBefore(entry, best))) best = entry;
    }
    return best;
  }
}

function append<Value>(lists: Map<string, Value[]>, key: string, value: Value): void {
  const list = lists.get(key);
  if (list) list.push(value);
  else lists.set(key, [value]);
}

/** True where one of two entries takes precedence over the other: what is in order, then the directory, then the rank. */
export function goesBefore(
  one: Precedence & { broken: boolean },
  other: Precedence & { broken: boolean },
): boolean {
  if (one.broken !== other.broken) return other.broken;
  if (one.directory !== other.directory) return one.directory < other.directory;
  return one.rank < other.rank;
}
