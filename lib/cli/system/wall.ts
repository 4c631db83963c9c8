/** Messages to the terminals of all users who are logged in (wall(1)). */

import { closeSync, constants, openSync, readlinkSync, writeSync } from "node:fs";
import { hostname } from "node:os";
import process from "node:process";
import { isatty } from "node:tty";
import { lookupUser } from "../../sys/access/users.ts";
import { terminalsInUse } from "../../sys/utmp/records.ts";

/** Writes a text to the terminals in use. Skips those that would block. */
export function wall(text: string): void {
  const now = new Date();
  const time = `${now.getHours()}:${String(now.getMinutes()).padStart(2, "0")}`;
  const banner =
    `\x07\r\nBroadcast message from ${user()}@${hostname()}\r\n\t(${terminal()}) at ${time} ...\r\n\r\n`;
  for (const path of terminalsInUse()) write(path, banner + text);
}

function write(path: string, text: string): void {
  try {
    const descriptor = openSync(path, constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
    try {
      if (isatty(descriptor)) writeSync(descriptor, text);
    } finally {
      closeSync(descriptor);
    }
  } catch {
    // The terminal is gone, not ours to write to, or stopped by Control-S.
  }
}

function user(): string {
  const uid = process.getuid?.() ?? 0;
  return lookupUser(String(uid))?.name ?? (uid === 0 ? "root" : `uid ${uid}`);
}

function terminal(): string {
  try {
    return isatty(0) ? readlinkSync("/proc/self/fd/0") : "unknown";
  } catch {
    return "unknown";
  }
}
