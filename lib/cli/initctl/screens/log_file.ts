/** The end of a log file. */

import { Buffer } from "node:buffer";
import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";
import { ifAllowed } from "../../../sys/call/refused.ts";

/** So much of the end is read, in bytes. */
const MOST = 64 << 10;

/** The last lines of a regular file, without their ends; none where it may not be read. */
export function lastLinesOf(path: string, count: number): string[] {
  const { O_RDONLY, O_NONBLOCK } = constants;
  const file = ifAllowed(() => openSync(path, O_RDONLY | O_NONBLOCK));
  if (file === undefined) return [];
  try {
    const status = fstatSync(file);
    if (!status.isFile()) return [];
    const start = Math.max(0, status.size - MOST), bytes = Buffer.alloc(Math.min(status.size, MOST));
    const text = bytes.toString(
      "utf8",
      0,
      ifAllowed(() => readSync(file, bytes, 0, bytes.length, start)) ?? 0,
    );
    const lines = text.split(/\r?\n/);
    if (lines.at(-1) === "") lines.pop();
    return lines.slice(-count);
  } finally {
    closeSync(file);
  }
}
