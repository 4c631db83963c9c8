/**
 * Places of files that this process writes, in directories that others may write: nobody else than root and this process's own
 * user says where the way to them leads, or has made what is there.
 */

import { lstatSync, readlinkSync, type Stats, statSync } from "node:fs";
import { basename, dirname, resolve } from "node:path";
import { ELOOP, EPERM, errorReason } from "../call/errno.ts";
import { ifAllowed, type KernelError, unlessRefused } from "../call/refused.ts";
import { close, O_NOFOLLOW, O_NONBLOCK, O_RDONLY, open, openWithoutLinks } from "../io/descriptors.ts";
import { Trust, trustedUsers } from "./trust.ts";

/** A name in an open directory. */
export interface Place {
  /** The descriptor of the directory; the callee closes it. */
  directory: number;
  /** The path of the name by that descriptor, whatever becomes of the directory's own path. */
  path: string;
}

/** The way to a place ends, or somebody else could have laid it. It is told as an error of the kernel, with a message of its own. */
export class WayError extends Error {
  /** @param number The error number that `code` names */
  constructor(message: string, readonly code = "ELOOP", readonly number: number = ELOOP) {
    super(message);
  }
}

const O_PATH = 0o10000000, BY_OTHERS = 0o022, STICKY = 0o1000;

/** How many links are followed, as the kernel has it (path_resolution(7)). */
const MOST_LINKS = 40;

/**
 * Enters the directory of an absolute path step by step. A link on the way is followed where it is root's or this user's own,
 * and nobody else could put another one in its place; the last name is not looked at.
 * @throws {WayError} where the way ends, or somebody else could have laid it.
 */
export function enterDirectory(path: string): Place {
  const left = split(dirname(path));
  let directory = open("/", O_RDONLY | O_PATH), links = 0;
  const inside = (step: string) => `/proc/self/fd/${directory}/${step}`;
  const move = (to: string, flags: number) => {
    const next = open(to, O_RDONLY | O_PATH | flags);
    close(directory);
    directory = next;
  };
  try {
    for (let step; (step = left.shift()) !== undefined;) {
      const here = step;
      const status = unlessRefused(() => lstatSync(inside(here)), (error) => {
        const { code, errno } = error as KernelError & { errno: number };
        throw new WayError(`could not open ${here}: ${errorReason(error)}`, code, Math.abs(errno));
      });
      if (!status.isSymbolicLink()) {
        move(inside(step), O_NOFOLLOW);
        continue;
      }
      if (!isTrusted(status)) throw new WayError(`symbolic link ${step} not owned by root`);
      if (isOthers(statSync(`/proc/self/fd/${directory}`))) {
        throw new WayError(
          `symbolic link ${step} is in a directory that others than root may write`,
        );
      }
      if (++links > MOST_LINKS) throw new WayError("too many symbolic links");
      const target = readlinkSync(inside(step));
      if (target.startsWith("/")) move("/", 0);
      left.unshift(...split(target));
    }
  } catch (error) {
    close(directory);
    throw error;
  }
  return { directory, path: inside(basename(path)) };
}

function split(path: string): string[] {
  return path.split("/").filter((step) => step !== "" && step !== ".");
}

function isTrusted({ uid }: Stats): boolean {
  return trustedUsers().includes(uid);
}

/** True where another user may replace what is in a directory. */
function isOthers(status: Stats): boolean {
  return !isTrusted(status) || (status.mode & BY_OTHERS) !== 0 && (status.mode & STICKY) === 0;
}

/** True where others than root and this user may have a say in what is in the directory of a file. */
export function isOthersPlace(path: string): boolean {
  const directory = dirname(resolve(path)), trust = new Trust();
  return trust.problem(directory, { wasThere: true }) !== undefined ||
    // In a sticky directory anyone may have been first.
    unlessRefused(() => (statSync(directory).mode & BY_OTHERS) !== 0, () => false);
}

/**
 * Does something with a file by a path that leads into its directory for certain.
 * @throws {WayError} where the way ends, or somebody else could have laid it.
 */
export function atOwnPlace<Result>(path: string, act: (place: string) => Result): Result {
  const place = enterDirectory(resolve(path));
  try {
    return act(place.path);
  } finally {
    close(place.directory);
  }
}

/**
 * Opens a file to write to it, as open(2) does. Where others may have a say in what is in its directory, it is opened only if
 * it is a regular file of this user's or root's that has no other name.
 * @param isOthers See {@link isOthersPlace}
 * @throws {WayError} EPERM for another file, ELOOP where somebody else could have laid the way.
 * @throws {SystemError}
 */
export function openOwn(path: string, flags: number, mode = 0, isOthers = isOthersPlace(path)): number {
  if (!isOthers) return open(path, flags, mode);
  // The usual way, in one step: without links nobody has laid it. Else the reason is looked for step by step.
  const direct = openWithoutLinks(resolve(path), flags | O_NONBLOCK, mode);
  if (direct >= 0) return ifOwn(direct);
  return atOwnPlace(path, (place) => ifOwn(open(place, flags | O_NOFOLLOW | O_NONBLOCK, mode)));
}

/** Gives a file back that is this user's or root's and has no other name; else closes it. @throws {WayError} */
function ifOwn(file: number): number {
  const status = ifAllowed(() => statSync(`/proc/self/fd/${file}`));
  if (status?.isFile() && status.nlink === 1 && isTrusted(status)) return file;
  close(file);
  throw new WayError("others can write its directory, and could have made the file", "EPERM", EPERM);
}
