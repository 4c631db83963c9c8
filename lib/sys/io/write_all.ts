/** Blocking output to descriptors that may be non-blocking, as the runtime makes some. */

import { Buffer } from "node:buffer";
import { openSync, writeSync } from "node:fs";
import { errorReason } from "../call/errno.ts";
import { NUMBERS_FILES } from "../runtime/traits.ts";

/** The pause before writing to a full pipe is tried again, in milliseconds. */
const PAUSE = 1;

/** Output that failed. The message is for the user; main.ts recognizes the error by its name. */
class OutputError extends Error {
  override name = "OutputError";
}

/**
 * Writes all of a text, or of bytes, and returns when the kernel has taken it. A pipe without a reader is no error.
 * @throws {OutputError} when it cannot be written, e.g. to a full disk.
 */
export function writeAll(descriptor: number, text: string | Uint8Array): void {
  let rest = typeof text === "string" ? Buffer.from(text) : text;
  while (rest.length > 0) {
    try {
      rest = rest.subarray(writeSync(descriptor, rest));
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === "EPIPE") return;
      if (code !== "EAGAIN") throw new OutputError(`Unable to write: ${errorReason(error)}`);
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, PAUSE);
    }
  }
}

/** The number by which node:fs knows a descriptor that this process was given. */
export function givenDescriptor(descriptor: number): number {
  return NUMBERS_FILES ? openSync(`/proc/self/fd/${descriptor}`, "a") : descriptor;
}
