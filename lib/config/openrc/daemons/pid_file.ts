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
  | { state: "garbage"; status: Stats }
  | { state: "read"; pid: number; status: Stats };

/** So much of a file is read, in bytes. */
const MOST = 64;

/** Reads the number at the beginning of a pid file. Nothing is waited for, whatever the file is. */
export function readPidFile(path: string): PidFileState {
  return unlessRefused((): PidFileState => {
    const file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      const status = fstatSync(file), bytes = new Uint8Array(MOST);
      const length = readSync(file, bytes, 0, MOST, null);
      const pid = leadingNumber(new TextDecoder().decode(bytes.subarray(0, length)));
      return pid === undefined ? { state: "garbage", status } : { state: "read", pid, status };
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
  { pid, status }: PidFileState & { state: "read" },
): string | undefined {
  if ((status.mode & 0o002) !== 0 && status.isFile()) return "everyone can write it";
  const way = resolve(path), fact = untrustedWriterAt(way);
  if (fact === undefined) return undefined;
  if (isLink(way)) return `it is a link, and ${fact}`;
  const owner = [status.uid, ifAllowed(() => statSync(dirname(way)).uid) ?? 0].find(isUntrusted);
  const users = usersOf(pid);
  // What does not run any more is nobody's.
  if (users.length === 0 || owner !== undefined && users.every((user) => user === owner)) return undefined;
  return `${fact}, and process ${pid} is ${accountName(users[1] ?? 0)}'s`;
}

/** True for a link in a place where others than root can make some. */
export function isUntrustedLink(path: string): boolean {
  const way = resolve(path);
  return isLink(way) && untrustedWriterAt(way) !== undefined;
}

function isLink(path: string): boolean {
  return ifAllowed(() => lstatSync(path).isSymbolicLink()) ?? false;
}

function isUntrusted(user: number): boolean {
  return !trustedUsers().includes(user);
}
