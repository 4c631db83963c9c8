/** A configuration directory with all below it: its files are listed, and watched for changes. */

import * as fs from "node:fs";
import { basename, dirname, resolve } from "node:path";
import { isIgnoredName } from "../model/text/ignored_names.ts";
import { type DirectoryEvent, watchDirectory } from "../sys/io/inotify.ts";
import { Dependencies } from "./dependencies.ts";
import { isDirectory, isLink } from "./files.ts";
import { nameProblem } from "./known_files.ts";
import { isKernelError, unlessRefused } from "../sys/call/refused.ts";

/** How many directories deep jobs are looked for. */
const DEEPEST = 64;

/** How many directories are watched, with those that links lead to: a link may lead to the whole of a machine. */
const MOST_DIRECTORIES = 1024;

/** Who is told of a directory's files. Paths are relative to the configuration directory. */
interface DirectoryListener {
  /** Whether a link of this name that leads to a directory is followed. */
  followsLink(relative: string): boolean;
  /**
   * Look at this file again: it may have come, changed or gone.
   * @param isListed True when it was a regular file as its directory was read, just now.
   */
  onTouched(relative: string, isListed: boolean): void;
  /** A directory is gone with all below it. */
  onDirectoryGone(relative: string): void;
  /** The configuration directory itself was moved or deleted. */
  onRootGone(): void;
  /** The configuration directory is there again, or another one is in its place. */
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

/** Events after which a directory is to be read, again perhaps: it may have become readable. */
const ENTERING: ReadonlySet<DirectoryEvent["kind"]> = new Set(["created", "moved-to", "attributes-changed"]);

/** A configuration directory that is watched. */
export class WatchedDirectory {
  readonly #watches = new Map<string, { close(): void }>();
  /** Directories that cannot be read, and why. */
  readonly #unreadable = new Map<string, unknown>();
  /** The paths of the configuration directory itself, and of links that may lead to directories: each link on them may change. */
  readonly #links = new Dependencies((directory) => this.#linkChanged(directory));

  /** `root` is used as it is written, also in messages. */
  constructor(readonly root: string, private readonly listener: DirectoryListener) {}

  /** The path of a file of this directory. */
  path(relative: string): string {
    return relative === "" ? this.root : `${this.root}/${relative}`;
  }

  /** Watches all directories that are not watched yet, and tells of all files as touched. */
  scan(): void {
    const exists = isDirectory(this.root);
    // A directory that is there and no link is watched itself.
    this.#links.set("", exists && !isBehindLink(this.root) ? [] : [resolve(this.root)]);
    if (exists) this.#scan("", 0, new Set());
    else this.#unwatch("");
  }

  close(): void {
    this.#unwatch("");
    this.#links.close();
  }

  /** The directories that cannot be read, as paths, and why. */
  unreadable(): Array<[path: string, error: unknown]> {
    return Array.from(this.#unreadable, ([directory, error]) => [this.path(directory), error]);
  }

  #scan(directory: string, depth: number, above: ReadonlySet<string>): void {
    const path = this.path(directory);
    // Watched before it is read, so that nothing can come in between unseen.
    this.#watch(directory);
    let entries: fs.Dirent[];
    try {
      entries = fs.readdirSync(path, { withFileTypes: true });
    } catch (error) {
      if (!isKernelError(error)) throw error;
      if (error.code === "ENOENT") return;
      this.#unreadable.set(directory, error);
      this.listener.onProblem(path, error);
      return;
    }
    this.#unreadable.delete(directory);
    for (const entry of entries.sort(byName)) {
      const relative = directory === "" ? entry.name : `${directory}/${entry.name}`;
      if (entry.isDirectory()) this.#enter(relative, depth, above);
      else if (entry.isSymbolicLink()) this.#touchLink(relative, depth, above);
      else this.listener.onTouched(relative, entry.isFile());
    }
  }

  #enter(directory: string, depth: number, above: ReadonlySet<string>): void {
    const name = basename(directory);
    if (name === "node_modules" || isIgnoredName(name)) return;
    const unfit = nameProblem(name);
    if (unfit) this.listener.onProblem(this.path(directory), new Error(unfit));
    else this.#descend(directory, depth, above);
  }

  #descend(directory: string, depth: number, above: ReadonlySet<string>): void {
    if (depth >= DEEPEST) return;
    if (this.#watches.has(directory) || this.#watches.size < MOST_DIRECTORIES) {
      return this.#scan(directory, depth + 1, above);
    }
    this.listener.onProblem(
      this.root,
      new Error(`No more than ${MOST_DIRECTORIES} directories are read below it`),
    );
  }

  /** A link to a directory is followed where its own name is that of a file which defines a job, as Upstart does it. */
  #touchLink(relative: string, depth: number, above: ReadonlySet<string>): void {
    const path = this.path(relative);
    const real = this.listener.followsLink(relative) ? followLink(path) : "no directory";
    // What it leads to may be a directory later.
    this.#links.set(relative, real === "no directory" ? [] : [resolve(path)]);
    if (real === "no directory" || real === "nowhere") this.listener.onTouched(relative, false);
    else if (real !== "around" && !above.has(real)) this.#descend(relative, depth, new Set([...above, real]));
  }

  #watch(directory: string): void {
    if (this.#watches.has(directory)) return;
    const path = this.path(directory);
    unlessRefused(() => {
      const watch = watchDirectory(path, (events) => {
        for (const event of events) {
          // An event before it may have closed this watch.
          if (this.#watches.get(directory) === watch) this.#handle(directory, event);
        }
      });
      this.#watches.set(directory, watch);
    }, (error) => error.code === "ENOENT" || this.listener.onProblem(path, error));
  }

  #handle(directory: string, event: DirectoryEvent): void {
    const { kind, name, isDirectory } = event;
    if (kind === "overflow") return this.listener.onOverflow();
    if (kind === "self-gone") return directory === "" ? this.#rootGone() : this.#lost(directory);
    const relative = directory === "" ? name : `${directory}/${name}`;
    if (name === "") {
      // Of directories below, the one around tells the same.
      if (kind === "attributes-changed" && directory === "") this.#scan("", 0, new Set());
    } else if (isDirectory) {
      if (kind === "moved-from" || kind === "deleted") this.#forget(relative);
      else if (ENTERING.has(kind)) this.#enter(relative, 0, new Set());
    } else if (kind === "created" || kind === "moved-to") {
      this.#appeared(relative, kind);
    } else if (TOUCHING.has(kind)) {
      if (this.#watches.has(relative)) this.#lost(relative);
      else this.listener.onTouched(relative, false);
    }
  }

  #appeared(relative: string, kind: "created" | "moved-to"): void {
    if (isLink(this.path(relative))) {
      // Another link may have been in its place.
      if (this.#watches.has(relative)) this.#forget(relative);
      this.#touchLink(relative, 0, new Set());
    } else if (kind === "moved-to") this.listener.onTouched(relative, false);
  }

  /** A directory is not where it was. A link to it may be there yet, and lead to another one. */
  #lost(directory: string): void {
    this.#forget(directory);
    if (isLink(this.path(directory))) this.#touchLink(directory, 0, new Set());
    else this.#links.set(directory, []);
  }

  #forget(directory: string): void {
    this.#unwatch(directory);
    this.listener.onDirectoryGone(directory);
  }

  #unwatch(directory: string): void {
    const isBelow = (other: string) =>
      directory === "" || other === directory || other.startsWith(`${directory}/`);
    for (const [watched, watch] of this.#watches) {
      if (!isBelow(watched)) continue;
      watch.close();
      this.#watches.delete(watched);
    }
    for (const unread of this.#unreadable.keys()) if (isBelow(unread)) this.#unreadable.delete(unread);
  }

  #rootGone(): void {
    this.listener.onRootGone();
    this.#unwatch("");
    // Another one may be in its place by now.
    this.#linkChanged("");
  }

  #linkChanged(directory: string): void {
    if (directory !== "") return this.#lost(directory);
    const wasThere = this.#watches.has("");
    this.#unwatch("");
    if (isDirectory(this.root)) return this.listener.onRootBack();
    if (wasThere) this.listener.onRootGone();
    this.scan();
  }
}

/** Errors are told in this order. */
function byName(one: fs.Dirent, other: fs.Dirent): number {
  return one.name < other.name ? -1 : 1;
}

/** The real path of a directory that a link leads to; `around` if that is around the link itself. */
function followLink(link: string): string | "around" | "no directory" | "nowhere" {
  return unlessRefused(() => {
    if (!fs.statSync(link).isDirectory()) return "no directory";
    const real = fs.realpathSync(link), around = fs.realpathSync(dirname(link));
    return around === real || around.startsWith(`${real}/`) ? "around" : real;
  }, () => "nowhere");
}

function isBehindLink(path: string): boolean {
  // If it cannot be found out, it is gone by now.
  return unlessRefused(() => fs.realpathSync(path) !== resolve(path), () => true);
}
