/** Files outside a configuration directory that its files depend on: targets of links, imported modules. */

import * as fs from "node:fs";
import { basename, dirname } from "node:path";
import { watchDirectory } from "../../sys/inotify.ts";

/** The files of one directory that something depends on. */
interface Watched {
  watch: { close(): void };
  /** By the file's name: who depends on it. */
  dependents: Map<string, Set<string>>;
}

const NONE: readonly string[] = [];

/** Watches single files through their directories. A file that is not there yet may be depended on too. */
export class Dependencies {
  readonly #directories = new Map<string, Watched>();
  readonly #files = new Map<string, readonly string[]>();

  /** `onChanged` is called with each dependent of a file that has changed, come or gone. */
  constructor(private readonly onChanged: (dependent: string) => void) {}

  /** Says which files (absolute paths) the dependent depends on from now on. */
  set(dependent: string, files: readonly string[]): void {
    const before = this.#files.get(dependent) ?? NONE;
    if (before.length === 0 && files.length === 0) return;
    for (const file of files) if (!before.includes(file)) this.#add(dependent, file);
    for (const file of before) if (!files.includes(file)) this.#remove(dependent, file);
    if (files.length > 0) this.#files.set(dependent, files);
    else this.#files.delete(dependent);
  }

  close(): void {
    for (const { watch } of this.#directories.values()) watch.close();
    this.#directories.clear();
    this.#files.clear();
  }

  #add(dependent: string, file: string): void {
    const dependents = this.#watched(dirname(file))?.dependents;
    const existing = dependents?.get(basename(file));
    if (existing) existing.add(dependent);
    else dependents?.set(basename(file), new Set([dependent]));
  }

  #remove(dependent: string, file: string): void {
    const directory = dirname(file), name = basename(file);
    const watched = this.#directories.get(directory);
    const dependents = watched?.dependents.get(name);
    if (!watched || !dependents?.delete(dependent) || dependents.size > 0) return;
    watched.dependents.delete(name);
    if (watched.dependents.size > 0) return;
    watched.watch.close();
    this.#directories.delete(directory);
  }

  /** The watch of a directory; undefined where there can be none: then only a reload sees changes. */
  #watched(directory: string): Watched | undefined {
    const existing = this.#directories.get(directory);
    if (existing) return existing;
    const dependents = new Map<string, Set<string>>();
    try {
      const watch = watchDirectory(directory, (events) => {
        for (const { kind, name } of events) {
          if (kind === "overflow" || kind === "self-gone") this.#tellAll(dependents);
          else if (kind !== "created" && kind !== "modified") this.#tell(dependents.get(name));
        }
      });
      const watched = { watch, dependents };
      this.#directories.set(directory, watched);
      return watched;
    } catch {
      return undefined;
    }
  }

  #tellAll(dependents: Map<string, Set<string>>): void {
    for (const some of dependents.values()) this.#tell(some);
  }

  #tell(dependents: Set<string> | undefined): void {
    for (const dependent of dependents ?? []) this.onChanged(dependent);
  }
}

/** By how much file systems' clocks may be behind, in milliseconds. */
const COARSENESS = 20;

/** Files as they were at a time, to see whether they still are. */
export class FilesAsOf {
  readonly #state: string | undefined;

  /** @param time in milliseconds since 1970; what has changed since counts as changed. */
  constructor(time: number, readonly files: readonly string[]) {
    const { text, changed } = stateOf(files);
    if (changed < time - COARSENESS) this.#state = text;
  }

  /** True when none has changed, come or gone. */
  isCurrent(): boolean {
    return this.#state !== undefined && stateOf(this.files).text === this.#state;
  }
}

/** What tells files from others and their earlier selves, and when one last changed. */
function stateOf(files: readonly string[]): { text: string; changed: number } {
  const all = files.map(status);
  return {
    text: all.map((found) => found ? `${found.ino} ${found.size} ${found.mtimeMs} ${found.ctimeMs}` : "")
      .join(),
    // Deno knows the time of status changes to the second alone.
    changed: Math.max(...all.map((found) => found ? Math.max(found.mtimeMs, found.ctimeMs) : 0)),
  };
}

function status(file: string): fs.Stats | undefined {
  try {
    return fs.statSync(file, { throwIfNoEntry: false });
  } catch {
    return undefined; // Whoever evaluates it will say why.
  }
}
