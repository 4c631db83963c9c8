/** One configuration directory with all below it: listing the files that count, and watching for changes. */

import * as fs from "node:fs";
import { basename, dirname } from "node:path";
import { type DirectoryEvent, watchDirectory } from "../../sys/inotify.ts";
import { isDirectory, isLink } from "./files.ts";

/** How many directories deep jobs are looked for. */
const DEEPEST = 64;

/** What a tree tells. Paths of files are relative to the configuration directory. */
export interface TreeListener {
  /**
   * Look at this file again: it may have come, changed or gone.
   * @param isListed True when it was a regular file as its directory was read, just now.
   */
  onTouched(relative: string, isListed: boolean): void;
  /** A directory is gone with all below it. */
  onDirectoryGone(relative: string): void;
  /** The configuration directory itself was moved or deleted. */
  onRootGone(): void;
  /** The configuration directory is there again. */
  onRootBack(): void;
  /** Events were lost: everything may have changed. */
  onOverflow(): void;
  /** A directory cannot be read or watched. */
  onProblem(path: string, error: unknown): void;
}

/** Events after which a file is to be looked at. A created regular file is still being written. */
const TOUCHING: ReadonlySet<DirectoryEvent["kind"]> = new Set([
  "written",
  "moved-to",
  "moved-from",
  "deleted",
  "attributes-changed",
]);

/** A watched configuration directory. */
export class Tree {
  readonly #watches = new Map<string, { close(): void }>();
  #parentWatch: { close(): void } | undefined;

  /** `root` is used as it is written, also in messages. */
  constructor(readonly root: string, private readonly listener: TreeListener) {}

  /** The path of a file of this directory. */
  path(relative: string): string {
    return relative === "" ? this.root : `${this.root}/${relative}`;
  }

  /** Watches all directories that are not watched yet, and tells of all files as touched. */
  scan(): void {
    if (isDirectory(this.root)) {
      this.#parentWatch?.close();
      this.#parentWatch = undefined;
      this.#scan("", 0, new Set());
    } else {
      this.#loseRoot();
    }
  }

  close(): void {
    for (const watch of this.#watches.values()) watch.close();
    this.#watches.clear();
    this.#parentWatch?.close();
    this.#parentWatch = undefined;
  }

  #scan(directory: string, depth: number, above: ReadonlySet<string>): void {
    const path = this.path(directory);
    // Watched before it is read, so that nothing can come in between unseen.
    this.#watch(directory);
    let entries: fs.Dirent[];
    try {
      entries = fs.readdirSync(path, { withFileTypes: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") this.listener.onProblem(path, error);
      return;
    }
    for (const entry of entries.sort(byName)) {
      const relative = directory === "" ? entry.name : `${directory}/${entry.name}`;
      if (entry.isDirectory()) this.#enter(relative, depth, above);
      else if (entry.isSymbolicLink()) this.#touchLink(relative, depth, above);
      else this.listener.onTouched(relative, entry.isFile());
    }
  }

  #enter(directory: string, depth: number, above: ReadonlySet<string>): void {
    if (basename(directory) !== "node_modules" && depth < DEEPEST) this.#scan(directory, depth + 1, above);
  }

  /** A link to a directory is followed when its own name ends in `.conf`, as Upstart does it. */
  #touchLink(relative: string, depth: number, above: ReadonlySet<string>): void {
    const path = this.path(relative);
    if (relative.endsWith(".conf") && isDirectory(path)) {
      const real = realDirectory(path);
      if (real && !above.has(real)) this.#enter(relative, depth, new Set([...above, real]));
    } else {
      this.listener.onTouched(relative, false);
    }
  }

  #watch(directory: string): void {
    if (this.#watches.has(directory)) return;
    const path = this.path(directory);
    try {
      const watch = watchDirectory(path, (events) => {
        for (const event of events) {
          // An event before it may have closed this watch.
          if (this.#watches.get(directory) === watch) this.#handle(directory, event);
        }
      });
      this.#watches.set(directory, watch);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") this.listener.onProblem(path, error);
    }
  }

  #handle(directory: string, event: DirectoryEvent): void {
    const { kind, name, isDirectory } = event;
    if (kind === "overflow") return this.listener.onOverflow();
    if (kind === "self-gone") return directory === "" ? this.#rootGone() : this.#forget(directory);
    if (name === "") return;
    const relative = directory === "" ? name : `${directory}/${name}`;
    if (isDirectory) {
      if (kind === "moved-from" || kind === "deleted") this.#forget(relative);
      else if (kind === "created" || kind === "moved-to") this.#enter(relative, 0, new Set());
    } else if (kind === "created" || kind === "moved-to") {
      this.#appeared(relative, kind);
    } else if (TOUCHING.has(kind)) {
      if (this.#watches.has(relative)) this.#forget(relative);
      else this.listener.onTouched(relative, false);
    }
  }

  #appeared(relative: string, kind: "created" | "moved-to"): void {
    if (isLink(this.path(relative))) this.#touchLink(relative, 0, new Set());
    else if (kind === "moved-to") this.listener.onTouched(relative, false);
  }

  #forget(directory: string): void {
    for (const [watched, watch] of this.#watches) {
      if (watched === directory || watched.startsWith(`${directory}/`)) {
        watch.close();
        this.#watches.delete(watched);
      }
    }
    this.listener.onDirectoryGone(directory);
  }

  #rootGone(): void {
    this.#loseRoot();
    this.listener.onRootGone();
  }

  /** Watches the parent for the return of a root that is not there; where that is missing too, a reload finds it. */
  #loseRoot(): void {
    this.close();
    const wanted = basename(this.root);
    try {
      const watch = watchDirectory(dirname(this.root), (events) => {
        const back = events.some(({ kind, name }) =>
          kind === "overflow" || name === wanted && (kind === "created" || kind === "moved-to")
        );
        if (back && this.#parentWatch === watch && isDirectory(this.root)) this.listener.onRootBack();
      });
      this.#parentWatch = watch;
    } catch {
      return;
    }
    // It may have come back before the parent was watched.
    if (isDirectory(this.root)) this.scan();
  }
}

/** Errors are told in this order. */
function byName(one: fs.Dirent, other: fs.Dirent): number {
  return one.name < other.name ? -1 : 1;
}

/** The real path of a directory that a link leads to, and undefined if that is around the link itself. */
function realDirectory(link: string): string | undefined {
  try {
    const real = fs.realpathSync(link), around = fs.realpathSync(dirname(link));
    return around === real || around.startsWith(`${real}/`) ? undefined : real;
  } catch {
    return undefined;
  }
}
