/**
 * Trust in files: who could change the file at a path. A file is judged together with every directory and link on the way
 * to it, because whoever may write a directory may replace the files in it.
 */

import * as fs from "node:fs";
import { dirname } from "node:path";
import process from "node:process";
import { isMapped } from "./user_namespace.ts";
import { lookupGroup, lookupUser } from "./users.ts";
import { ifAllowed, unlessRefused } from "../call/refused.ts";

/** The owner and mode of a file, a directory or a link itself. */
export interface FileStatus {
  uid: number;
  gid: number;
  mode: number;
}

/** The file system, as far as it is asked. */
interface FileSystem {
  /** The status of a path, links not followed; undefined where there is no file. */
  status(path: string): FileStatus | undefined;
  /** The target of a link, as it is written in it; undefined where it cannot be read. */
  target(link: string): string | undefined;
  /** True where nobody can write, as the file system is mounted read-only. */
  isReadOnly(path: string): boolean;
}

/** Why a path is not trusted. */
interface Problem {
  /** Who can write there: a sentence without its full stop. */
  fact: string;
  /** The command that helps. */
  cure: string;
}

/** A path on the way to a file, and the judgement on it. */
interface CheckedPath {
  /** Its path without links. */
  path: string;
  problem?: Problem | undefined;
  /** True for a sticky directory: anyone may make files in it, but not replace those of others. */
  isShared: boolean;
  /** True where there is nothing, and anyone may make something. */
  isOpen?: boolean;
}

/** What is known of a file that is judged. */
interface Known {
  /** Its status, where it is no link. */
  status?: FileStatus | undefined;
  /**
   * True: it was there when it was read. That it is gone since is a problem where anyone could have made it: whoever had would
   * else only have to remove it in time.
   */
  wasThere?: boolean;
}

const { S_IFMT, S_IFLNK, S_IFDIR } = fs.constants;
const STICKY = 0o1000, BY_GROUP = 0o020, BY_ALL = 0o002;

/** How many symbolic links the kernel follows (path_resolution(7)). */
const MOST_LINKS = 40;

/**
 * A check of files. It remembers what it found of directories, so that many files of one directory cost little more
 * than one. Make a new one when files may have changed.
 */
export class Trust {
  readonly #root: CheckedPath;
  readonly #places = new Map<string, CheckedPath>();
  readonly #ways = new Map<string, CheckedPath>();

  /** @param trusted The user ids that may write: by default root and init's own user */
  constructor(private readonly trusted = trustedUsers(), private readonly files: FileSystem = realFiles) {
    this.#root = this.#judge("/", files.status("/"));
  }

  /**
   * Why somebody else than the trusted users can change the file at an absolute path, and the command that helps;
   * undefined where nobody can, or where there is no file.
   */
  problem(path: string, known?: Known): string | undefined {
    const found = this.#find(path, known);
    return found && `${found.fact}; ${found.cure}`;
  }

  /** The same without the command: for files that others may have made, so that changing the owner is no help. */
  untrustedWriter(path: string, known?: Known): string | undefined {
    return this.#find(path, known)?.fact;
  }

  #find(path: string, { status, wasThere = false }: Known = {}): Problem | undefined {
    const directory = dirname(path);
    let way = this.#ways.get(directory);
    if (!way) this.#ways.set(directory, way = this.#follow(this.#root, directory, 0));
    if (way.problem) return way.problem;
    if (status) return this.#judge(path, status).problem;
    const { problem, isOpen } = this.#follow(way, path.slice(path.lastIndexOf("/") + 1), 0);
    return problem ?? (isOpen && wasThere ? GONE(path) : undefined);
  }

  #follow(from: CheckedPath, path: string, links: number): CheckedPath {
    let at = path.startsWith("/") ? this.#root : from;
    for (const name of path.split("/")) {
      if (at.problem) return at;
      if (name === "..") at = this.#places.get(dirname(at.path)) ?? this.#root;
      else if (name !== "" && name !== ".") at = this.#enter(at, name, links);
    }
    return at;
  }

  #enter(directory: CheckedPath, name: string, links: number): CheckedPath {
    const path = directory.path === "/" ? `/${name}` : `${directory.path}/${name}`;
    const known = this.#places.get(path);
    if (known) return known;
    const status = this.files.status(path);
    const place = status && (status.mode & S_IFMT) === S_IFLNK
      ? this.#enterLink(directory, path, status, links)
      : this.#judge(path, status);
    if (!status) {
      place.isOpen = directory.isOpen ?? (directory.isShared && !this.files.isReadOnly(directory.path));
    }
    this.#places.set(path, place);
    return place;
  }

  /** A link cannot be written, only replaced, by whoever may replace files in its directory. */
  #enterLink(directory: CheckedPath, path: string, status: FileStatus, links: number): CheckedPath {
    if (directory.isShared && !this.trusted.includes(status.uid) && !this.files.isReadOnly(directory.path)) {
      const problem = problemOf(accountName(status.uid), path, status, "chown -h root");
      return { path, problem, isShared: false };
    }
    const target = links < MOST_LINKS ? this.files.target(path) : undefined;
    return target === undefined
      ? { path, isShared: false, isOpen: directory.isShared }
      : this.#follow(directory, target, links + 1);
  }

  #judge(path: string, status: FileStatus | undefined): CheckedPath {
    if (!status) return { path, isShared: false };
    const isShared = (status.mode & S_IFMT) === S_IFDIR && (status.mode & STICKY) !== 0;
    const found = writer(status, this.trusted, isShared);
    if (!found || this.files.isReadOnly(path)) return { path, isShared };
    return { path, problem: problemOf(found.who, path, status, found.cure), isShared };
  }
}

/**
 * Who else than root and this process's own user can replace the file at an absolute path, such as a socket; undefined
 * where nobody can, or where there is no file.
 */
export function untrustedWriterAt(path: string, known?: Known): string | undefined {
  // The owner of the root directory can replace any file, init too.
  const owner = realFiles.status("/")?.uid ?? 0;
  return new Trust([...trustedUsers(), owner]).untrustedWriter(path, known);
}

/**
 * Who beside the trusted users can write, and the command that helps. The group of a file counts only for root's files:
 * other owners decide themselves whom they let write.
 */
function writer(
  { uid, gid, mode }: FileStatus,
  trusted: readonly number[],
  isShared: boolean,
): { who: string; cure: string } | undefined {
  if (!trusted.includes(uid)) return { who: accountName(uid), cure: "chown root" };
  if (isShared) return undefined;
  if (mode & BY_ALL) return { who: "everyone", cure: "chmod o-w" };
  if (mode & BY_GROUP && uid === 0 && gid !== 0) {
    return { who: `group ${nameOf(lookupGroup, gid)}`, cure: "chmod g-w" };
  }
  return undefined;
}

const GONE = (path: string): Problem => ({
  fact: `${path} is gone since it was read, and could be anyone's`,
  cure: "have it in a directory that only root can write",
});

function problemOf(who: string, path: string, status: FileStatus, command: string): Problem {
  return {
    fact: `${path} is writable by ${who} (${ownership(status)})`,
    cure: `${command} ${path}`,
  };
}

/** The owner and mode of a file in words: `owner root, mode 0700`. */
export function ownership({ uid, mode }: Pick<FileStatus, "uid" | "mode">): string {
  return `owner ${accountName(uid)}, mode ${(mode & 0o7777).toString(8).padStart(4, "0")}`;
}

/** A user's name, or its number where it has none. */
export function accountName(uid: number): string {
  return nameOf(lookupUser, uid);
}

function nameOf(lookUp: (number: string) => { name: string } | undefined, id: number): string {
  // The table of names may not be readable.
  return ifAllowed(() => lookUp(String(id)))?.name ?? String(id);
}

/**
 * The users that are trusted: root and init's own user. In a user namespace, files of users who are not mapped into it
 * seem to belong to the "overflow" user. Unless that user is mapped, too, nobody in the namespace can act as their owner.
 */
export function trustedUsers(): number[] {
  const users = [0, process.geteuid?.() ?? 0];
  return isMapped(OVERFLOW_USER) ? users : [...users, OVERFLOW_USER];
}

const OVERFLOW_USER = 65534;

const realFiles: FileSystem = {
  status(path) {
    // Reading the file will fail as well, and say why.
    return ifAllowed(() => fs.lstatSync(path, { throwIfNoEntry: false }));
  },
  target(link) {
    return ifAllowed(() => fs.readlinkSync(link));
  },
  isReadOnly(path) {
    return unlessRefused(() => {
      fs.accessSync(path, fs.constants.W_OK);
      return false;
    }, ({ code }) => code === "EROFS");
  },
};
