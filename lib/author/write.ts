/** Writing at once, to descriptors that the runtime may have made non-blocking. */

import { Buffer } from "node:buffer";
import { writeSync } from "node:fs";

/** How long a full pipe is left to its reader, in milliseconds. */
const PAUSE = 1;

/** Writes all of a text; returns when the kernel has it. */
export function writeAll(descriptor: number, text: string): void {
  let rest = Buffer.from(text);
  while (rest.length > 0) {
    try {
      rest = rest.subarray(writeSync(descriptor, rest));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EAGAIN") throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, PAUSE);
    }
  }
}
