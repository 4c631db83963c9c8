/** The title of this process, as ps(1) and /proc/PID/cmdline show it. */

import { Buffer } from "node:buffer";
import { closeSync, openSync, readFileSync, writeSync } from "node:fs";

/** The fields of /proc/PID/stat, counted behind the name of the program, between which the arguments lie in memory. */
const ARG_START = 45, ARG_END = 46;

/**
 * Writes a title over the arguments of this process, cut to their room, which no longer can be read there then.
 * @throws {Error} where /proc does not allow it.
 */
export function setProcessTitle(title: string): void {
  const stat = readFileSync("/proc/self/stat", "latin1");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const start = Number(fields[ARG_START]), room = Number(fields[ARG_END]) - start;
  if (!(room > 1)) return;
  // The last byte stays null: without it the kernel would take the environment for more of the title.
  const text = Buffer.alloc(room);
  text.write(title.slice(0, room - 1), "latin1");
  const memory = openSync("/proc/self/mem", "r+");
  try {
    writeSync(memory, text, 0, room, start);
  } finally {
    closeSync(memory);
  }
}
