/** Appending to a file that is opened by its path each time. */

import { constants } from "node:fs";
import { close, O_APPEND, O_CREAT, O_NOCTTY, O_NONBLOCK, O_WRONLY, write } from "./descriptors.ts";
import { openOwn, WayError } from "../access/own_place.ts";
import { ENXIO, type SystemError } from "../call/errno.ts";
import { call, kernel, SCRATCH_SIZE } from "../call/kernel.ts";
import { PreparedCalls } from "../call/prepared_calls.ts";
import { unlessRefused } from "../call/refused.ts";

const AT_FDCWD = -100, O_CLOEXEC = 0o2000000;
const FLAGS = O_WRONLY | O_APPEND | O_CREAT | constants.O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;

const SEEK_END = 2;

/** So many bytes are appended at most at once. */
export const MOST_APPENDED = SCRATCH_SIZE;

let prepared: { open: PreparedCalls; write: PreparedCalls } | undefined;

/**
 * Appends bytes to a file, {@link MOST_APPENDED} at most, and makes the file where there is none. It does not follow a symbolic link
 * (ELOOP), nor write to a terminal or a pipe (ENXIO).
 * @param found Receives the size that the file had before.
 * @returns how many bytes were written, or the negative error number, e.g. −28 for ENOSPC.
 */
export function appendTo(path: string, bytes: Uint8Array, mode: number, found?: { size: number }): number {
  const { open, write } = prepared ??= {
    open: new PreparedCalls(["openat", AT_FDCWD, 0, FLAGS]),
    // Seeking fails for what is not a regular file; then the write is skipped.
    write: new PreparedCalls(["lseek", 0, 0, SEEK_END], ["write"], ["close"]).skip(0, 2),
  };
  const memory = kernel();
  memory.begin(0);
  open.set(0, 1, memory.copy(path));
  open.set(0, 3, mode);
  open.run();
  const descriptor = open.result(0);
  if (descriptor < 0) return descriptor;
  for (const call of [0, 1, 2]) write.set(call, 0, descriptor);
  const part = bytes.subarray(0, MOST_APPENDED);
  write.set(1, 1, memory.copy(part));
  write.set(1, 2, part.length);
  write.run();
  const size = write.result(0);
  if (size < 0) return -ENXIO;
  if (found) found.size = size;
  return write.result(1);
}

/**
 * The same in a directory that others may write: only to a file that is this user's own (EPERM), by a way that nobody else has
 * laid (ELOOP).
 */
export function appendToOwn(
  path: string,
  bytes: Uint8Array,
  mode: number,
  found?: { size: number },
): number {
  return unlessRefused(() => {
    const file = openOwn(path, FLAGS, mode, true);
    const size = call("lseek", file, 0, SEEK_END), written = write(file, bytes);
    close(file);
    if (found) found.size = size;
    return written;
  }, (error) => -(error instanceof WayError ? error.number : Math.abs((error as SystemError).errno)));
}
