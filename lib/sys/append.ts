/** Appending to a file that is found anew each time. */

import { constants } from "node:fs";
import { O_APPEND, O_CREAT, O_NOCTTY, O_NONBLOCK, O_WRONLY } from "./descriptors.ts";
import { kernel, SCRATCH_SIZE } from "./kernel.ts";
import { PreparedCalls } from "./prepared.ts";

const AT_FDCWD = -100, O_CLOEXEC = 0o2000000;
const FLAGS = O_WRONLY | O_APPEND | O_CREAT | constants.O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;

let prepared: { open: PreparedCalls; write: PreparedCalls } | undefined;

/**
 * Appends bytes, 64 KB at most, to a file, which is made where it is not there: how many, or the negative error number, e.g. −28 for
 * ENOSPC. No terminal, pipe or link that somebody put there is written to in the file's stead.
 */
export function appendTo(path: string, bytes: Uint8Array, mode: number): number {
  const { open, write } = prepared ??= {
    open: new PreparedCalls(["openat", AT_FDCWD, 0, FLAGS]),
    write: new PreparedCalls(["write"], ["close"]),
  };
  const memory = kernel();
  memory.begin(0);
  open.set(0, 1, memory.copy(path));
  open.set(0, 3, mode);
  open.run();
  const descriptor = open.result(0);
  if (descriptor < 0) return descriptor;
  write.set(0, 0, descriptor);
  const part = bytes.subarray(0, SCRATCH_SIZE);
  write.set(0, 1, memory.copy(part));
  write.set(0, 2, part.length);
  write.set(1, 0, descriptor);
  write.run();
  return write.result(0);
}
