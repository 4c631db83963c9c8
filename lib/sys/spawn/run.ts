/** Children that are run to their end, for programs that have nothing else to do meanwhile. */

import { Buffer } from "node:buffer";
import { close, pipe, read } from "../io/descriptors.ts";
import { EINTR, ENOSYS } from "../call/errno.ts";
import { call, kernel, required } from "../call/kernel.ts";
import type { Exit } from "../../model/exit.ts";
import { restoreDescriptorLimit } from "../process/limits.ts";
import { awaitEnd } from "../process/processes.ts";
import { spawn, type SpawnDescription, type SpawnFailure } from "./spawn.ts";

/** How a child ended, or why there was none, and what it wrote. */
type ProgramResult =
  & { output: string }
  & ({ exit: Exit; failed?: undefined } | { failed: SpawnFailure });

/** So much of a child's output is kept, in bytes; the rest is read and dropped. */
const MOST_OUTPUT = 64 << 10;

/**
 * Runs a child to its end. The event loop does not run meanwhile.
 * @param captured Descriptors of the child whose output is kept. What it leaves running does not keep the call from returning.
 */
export function runToEnd(description: SpawnDescription, captured: readonly number[] = []): ProgramResult {
  restoreDescriptorLimit();
  if (captured.length === 0) return { output: "", ...endOf(description) };
  const { reader, writer } = pipe();
  const descriptors = { ...description.descriptors };
  for (const descriptor of captured) descriptors[descriptor] = writer;
  const { pid, failed } = spawn({ ...description, descriptors });
  close(writer);
  try {
    if (failed) return { output: "", failed };
    const output = collect(reader, pid);
    return { output, exit: awaitEnd(pid) };
  } finally {
    close(reader);
  }
}

function endOf(description: SpawnDescription): { exit: Exit } | { failed: SpawnFailure } {
  const { pid, failed } = spawn(description);
  return failed ? { failed } : { exit: awaitEnd(pid) };
}

/** What comes through a pipe until it ends, or the child has ended and there is no more for now. */
function collect(reader: number, pid: number): string {
  // Kernels before Linux 5.3 have no such descriptors: then the pipe's end counts.
  const child = call("pidfd_open", pid, 0);
  if (child !== -ENOSYS) required(`watch process ${pid}`, child);
  const pieces: Uint8Array[] = [];
  let length = 0;
  while (awaitOne(reader, child)) {
    const bytes = read(reader);
    if (bytes === -EINTR) continue;
    if (typeof bytes === "number" || bytes.length === 0) break;
    if (length < MOST_OUTPUT) pieces.push(bytes.subarray(0, MOST_OUTPUT - length));
    length += bytes.length;
  }
  if (child >= 0) close(child);
  return Buffer.concat(pieces).toString("latin1");
}

/** Blocks until the first descriptor can be read, or the second: false when that is the only one. A negative one never can. */
function awaitOne(first: number, second: number): boolean {
  const POLLIN = 1, { address, bytes } = kernel().scratch;
  for (;;) {
    for (const [index, fd] of [first, second].entries()) {
      bytes.writeInt32LE(fd, 8 * index);
      bytes.writeInt32LE(POLLIN, 8 * index + 4);
    }
    const result = call("ppoll", address, 2, 0, 0, 0);
    if (result === -EINTR) continue;
    required("wait for output", result);
    return bytes.readInt16LE(6) !== 0;
  }
}
