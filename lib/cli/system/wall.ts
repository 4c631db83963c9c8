/** Messages to the terminals of all users who are logged in (wall(1)). */

import { closeSync, constants, openSync, readlinkSync, writeSync } from "node:fs";
import { hostname } from "node:os";
import process from "node:process";
import { isatty } from "node:tty";
import { lookupUser } from "../../sys/access/users.ts";
import { ifAllowed } from "../../sys/call/refused.ts";
import { terminalsInUse } from "../../sys/utmp/records.ts";

/** Writes a text to the terminals in use, under Upstart's banner. */
export function wall(text: string): void {
  const now = new Date();
  const time = `${now.getHours()}:${String(now.getMinutes()).padStart(2, "0")}`;
  const where = terminal() ?? "unknown";
  const banner =
    `\x07\r\nBroadcast message from ${user()}@${hostname()}\r\n\t(${where}) at ${time} ...\r\n\r\n`;
  broadcast(banner + text);
}

/** SysV's banner: who writes, from which terminal, and when. */
export function sysvBanner(now = new Date()): string {
  const where = terminal()?.replace("/dev/", "");
  const from = `${user()}@${hostname()}${where === undefined ? "" : ` (${where})`}`;
  return `\r\nBroadcast message from ${from} (${classicDate(now)}):\r\n\r\n`;
}

/** A date as ctime(3) writes it: `Sun Nov  1 17:51:02 2026`. */
export function classicDate(date: Date): string {
  const [weekday, month, day = "", year, time] = date.toString().split(" ");
  return `${weekday} ${month} ${day.replace(/^0/, " ")} ${time} ${year}`;
}

/** Control characters, but for those of the line. */
// deno-lint-ignore no-control-regex
const CONTROLS = /[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]/g;

/** Words of somebody's own for other people's terminals: control characters stand there as `^[`, and so on. */
export function harmless(text: string): string {
  return text.replace(CONTROLS, (character) => {
    const code = character.charCodeAt(0);
    return code > 0x7f ? "?" : `^${String.fromCharCode(code ^ 0x40)}`;
  });
}

/** Writes a text to terminals. Nothing is waited for: one that is stopped or gone is passed over. */
export function broadcast(text: string, terminals = terminalsInUse()): void {
  for (const path of terminals) ifAllowed(() => writeTo(path, text));
}

function writeTo(path: string, text: string): void {
  const descriptor = openSync(path, constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
  try {
    if (isatty(descriptor)) writeSync(descriptor, text);
  } finally {
    closeSync(descriptor);
  }
}

function user(): string {
  const uid = process.getuid?.() ?? 0;
  return ifAllowed(() => lookupUser(String(uid)))?.name ?? (uid === 0 ? "root" : `uid ${uid}`);
}

/** The terminal of this process; undefined where it has none. */
function terminal(): string | undefined {
  return isatty(0) ? ifAllowed(() => readlinkSync("/proc/self/fd/0")) : undefined;
}
