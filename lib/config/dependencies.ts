/** The watching of files outside a configuration directory that its files depend on: targets of links, imported modules. */

import * as fs from "node:fs";
import { basename, dirname, join } from "node:path";
import { type DirectoryEvent, watchDirectory } from "../sys/io/inotify.ts";
import { isLink } from "./files.ts";
import { ifAllowed, unlessRefused } from "../sys/call/refused.ts";

/** The files of one directory that something depends on. */
interface Watched {
  watch: { close(): void };
  /** By the file's name: who depends on it. */
  dependents: Map<string, Set<string>>;
}

const NONE: readonly string[] = [];

/**
 * Watches single files through their directories, with every link on the way to them: where a link is swapped for another
 * one, all behind it changes. A file that is not there yet may be depended on too.
 */
export class Dependencies {
  readonly #directories = new Map<string, Watched>();
  readonly #files = new Map<string, readonly string[]>();

  /** `onChanged` is called with each dependent of a file that has changed, come or gone. */
  constructor(private readonly onChanged: (dependent: string) => void) {}

  /**
   * Says which files (absolute paths) the dependent depends on from now on, as their ways are now.
   * @param seen The links that were read a moment ago, where many files are set at once.
   */
  set(dependent: string, files: readonly string[], seen?: SeenLinks): void {
    const before = this.#files.get(dependent) ?? NONE;
    if (before.length === 0 && files.length === 0) return;
    const now = [...new Set(files.flatMap((file) => wayTo(file, seen)))];
    for (const file of now) {
      // The directory that was watched may be gone, and another one in its place.
      if (!before.includes(file) || !this.#directories.has(dirname(file))) this.#add(dependent, file);
    }
    for (const file of before) if (!now.includes(file)) this.#remove(dependent, file);
    if (now.length > 0) this.#files.set(dependent, now);
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
    const watch = ifAllowed(() =>
      watchDirectory(directory, (events) => {
        for (const event of events) this.#handle(directory, dependents, event);
      })
    );
    if (!watch) return undefined;
    const watched = { watch, dependents };
    this.#directories.set(directory, watched);
    return watched;
  }

  #handle(directory: string, dependents: Watched["dependents"], event: DirectoryEvent): void {
    const { kind, name, isDirectory } = event;
    if (kind === "overflow") this.#tellAll(dependents);
    else if (kind === "self-gone") {
      const watched = this.#directories.get(directory);
      if (watched?.dependents === dependents) {
        watched.watch.close();
        this.#directories.delete(directory);
      }
      this.#tellAll(dependents);
    } else if (kind === "created") {
      // A regular file is still being written.
      if (isDirectory || (dependents.has(name) && isLink(join(directory, name)))) {
        this.#tell(dependents.get(name));
      }
    } else if (kind !== "modified") this.#tell(dependents.get(name));
  }

  #tellAll(dependents: Map<string, Set<string>>): void {
    for (const some of dependents.values()) this.#tell(some);
  }

  #tell(dependents: Set<string> | undefined): void {
    for (const dependent of [...dependents ?? []]) this.onChanged(dependent);
  }
}

/** As many links as the kernel follows. */
const MOST_LINKS = 40;

/** The targets of links by their paths; also which paths are no link, or missing. */
export type SeenLinks = Map<string, { to: string } | "no link" | "missing">;

/**
 * The paths that the file at an absolute path depends on: every link on it, and the path without links to the file;
 * or the first part that is missing, which may come.
 */
export function wayTo(path: string, seen: SeenLinks = new Map()): string[] {
  const way: string[] = [];
  const parts = path.split("/");
  let at = "/";
  while (parts.length > 0 && way.length <= MOST_LINKS) {
    const part = parts.shift()!;
    if (part === "..") at = dirname(at);
    if (part === "" || part === "." || part === "..") continue;
    const next = at === "/" ? `/${part}` : `${at}/${part}`;
    const target = seen.get(next) ?? linkTarget(next);
    seen.set(next, target);
    if (target === "missing") return [...way, next];
    if (target === "no link") at = next;
    else {
      way.push(next);
      parts.unshift(...target.to.split("/"));
      if (target.to.startsWith("/")) at = "/";
    }
  }
  return [...way, at];
}

function linkTarget(path: string): { to: string } | "no link" | "missing" {
  return unlessRefused(() => {
    const status = fs.lstatSync(path, { throwIfNoEntry: false });
    if (!status) return "missing";
    return status.isSymbolicLink() ? { to: fs.readlinkSync(path) } : "no link";
  }, () => "missing");
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
    // Some runtimes know the time of status changes to the second alone.
    changed: Math.max(...all.map((found) => found ? Math.max(found.mtimeMs, found.ctimeMs) : 0)),
  };
}

function status(file: string): fs.Stats | undefined {
  // Whoever evaluates it will say why.
  return ifAllowed(() => fs.statSync(file, { throwIfNoEntry: false }));
}
