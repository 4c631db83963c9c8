/**
 * Pid files of daemons. A number in a file is not believed for its own sake: root would signal whatever process somebody has
 * put there. A file that another user can write counts for that user's processes alone.
 */

import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  openSync,
  readSync,
  type Stats,
  statSync,
} from "node:fs";
import { dirname, resolve } from "node:path";
import { leadingNumber } from "../../../../compat/openrc/mod.ts";
import { accountName, trustedUsers, untrustedWriterAt } from "../../../sys/access/trust.ts";
import { ifAllowed, type KernelError, unlessRefused } from "../../../sys/call/refused.ts";
import { usersOf } from "../../../sys/process/procfs.ts";

/** What a pid file says. */
type PidFileState =
  | { state: "unreadable"; error: KernelError }
  /** It holds no number. */
  | { state: "garbage"; status: Stats; isLink: boolean }
  /** `isLink`: the path is that of a symbolic link. */
  | { state: "read"; pid: number; status: Stats; isLink: boolean };

/** So much of a file is read, in bytes. */
const MOST = 64;

/** Reads the number at the beginning of a pid file. Nothing is waited for, whatever the file is. */
export function readPidFile(path: string): PidFileState {
  return unlessRefused((): PidFileState => {
    const open = (flags: number) => openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | flags);
    // Whoever can replace a file may do so at any time: what was opened counts, not what is there later.
    const direct = unlessRefused(() => open(constants.O_NOFOLLOW), (error) => {
      if (error.code !== "ELOOP") throw error;
      return undefined;
    });
    const file = direct ?? open(0);
    try {
      const status = fstatSync(file), bytes = new Uint8Array(MOST);
      const length = readSync(file, bytes, 0, MOST, null);
      const pid = leadingNumber(new TextDecoder().decode(bytes.subarray(0, length)));
      const found = { status, isLink: direct === undefined };
      return pid === undefined ? { state: "garbage", ...found } : { state: "read", pid, ...found };
    } finally {
      closeSync(file);
    }
  }, (error) => ({ state: "unreadable", error }));
}

/**
 * Why the number in a pid file is not believed; undefined where it is.
 * @param file What {@link readPidFile} gave for the path
 */
export function pidFileProblem(
  path: string,
  { pid, status, isLink }: PidFileState & { state: "read" },
): string | undefined {
  if ((status.mode & 0o002) !== 0 && status.isFile()) return "everyone can write it";
  const way = resolve(path), fact = untrustedWriterAt(way, isLink ? { wasThere: true } : { status });
  if (fact === undefined) return undefined;
  if (isLink) return `it is a link, and ${fact}`;
  const owner = [status.uid, ifAllowed(() => statSync(dirname(way)).uid) ?? 0].find(isUntrusted);
  const users = usersOf(pid);
  // What does not run any more is nobody's.
  if (users.length === 0 || owner !== undefined && users.every((user) => user === owner)) return undefined;
  return `${fact}, and process ${pid} is ${accountName(users[1] ?? 0)}'s`;
}

/**
 * True for a link in a place where others than root can make some.
 * @param isLink Whether it was one when it was opened; by default it is looked at
 */
export function isUntrustedLink(path: string, isLink = isLinkNow(path)): boolean {
  return isLink && untrustedWriterAt(resolve(path), { wasThere: true }) !== undefined;
}

function isLinkNow(path: string): boolean {
  return ifAllowed(() => lstatSync(path).isSymbolicLink()) ?? false;
}

function isUntrusted(user: number): boolean {
  return !trustedUsers().includes(user);
}
