/** The records of utmp and wtmp in words. */

import type { Buffer } from "node:buffer";
import { FIELD, RECORD_SIZE } from "../../lib/sys/utmp/records.ts";

const TYPES: Record<number, string> = {
  1: "RUN_LVL",
  2: "BOOT_TIME",
  5: "INIT_PROCESS",
  8: "DEAD_PROCESS",
};

/** Type, ID and user of each record, then the runlevels, or the signal and the status of the end. */
export function recordsOf(bytes: Buffer): string[] {
  return Array.from({ length: Math.floor(bytes.length / RECORD_SIZE) }, (_, index) => {
    const record = bytes.subarray(index * RECORD_SIZE, (index + 1) * RECORD_SIZE);
    const text = (start: number, end: number) => record.toString("latin1", start, end).split("\0", 1)[0]!;
    const type = TYPES[record.readInt16LE(FIELD.type)] ?? "?";
    const pid = record.readInt32LE(FIELD.pid);
    const level = (code: number) => code === 0 ? "N" : String.fromCharCode(code);
    const more = type === "RUN_LVL"
      ? [level(pid >> 8) + level(pid & 0xff)]
      : type === "DEAD_PROCESS"
      ? [`${record.readInt16LE(332)}/${record.readInt16LE(334)}`]
      : [];
    return [type, text(FIELD.id, FIELD.user), text(FIELD.user, FIELD.user + 32), ...more].join(" ");
  });
}
