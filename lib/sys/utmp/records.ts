/** Records of utmp(5): reading the logged-in users' terminals and the runlevel. */

import { Buffer } from "node:buffer";
import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";
import process from "node:process";
import { isOthersPlace } from "../access/own_place.ts";
import { EPERM, SystemError } from "../call/errno.ts";
import { ifAllowed, unlessRefused } from "../call/refused.ts";

/** The file of the present records. */
export const UTMP = "/var/run/utmp";

/** True where times and the session have 64 bits in glibc's `struct utmpx`. */
const WIDE = process.arch === "arm64";
/** The size of a record in bytes. */
export const RECORD_SIZE = WIDE ? 400 : 384;

/** The offsets of a record's fields. */
export const FIELD = {
  type: 0,
  pid: 4,
  line: 8,
  id: 40,
  user: 44,
  host: 76,
  seconds: WIDE ? 344 : 340,
  microseconds: WIDE ? 352 : 344,
};

/** Types of records. */
export const RUN_LVL = 1, BOOT_TIME = 2;
const USER_PROCESS = 7;

/** A runlevel and the previous one; `N` for none. */
export interface Runlevels {
  runlevel: string;
  previous: string;
}

/** The runlevels of the variables RUNLEVEL and PREVLEVEL, which init's jobs have; undefined without them. */
export function runlevelOfEnvironment(
  environment: Record<string, string | undefined>,
): Runlevels | undefined {
  const { RUNLEVEL, PREVLEVEL } = environment;
  if (RUNLEVEL === undefined) return undefined;
  return { runlevel: RUNLEVEL[0] ?? "N", previous: PREVLEVEL?.[0] ?? "N" };
}

/**
 * The most recent runlevel in a file of records; undefined when there is none.
 * @throws {Error} when the file cannot be read.
 */
export function recordedRunlevel(file: string = UTMP): Runlevels | undefined {
  return runlevelsOf(records(file, "last").findLast(tellsRunlevel) ?? records(file).findLast(tellsRunlevel));
}

/**
 * The runlevel that the first record of a file tells, as SysV reads it; undefined when there is none.
 * @throws {Error} when the file cannot be read.
 */
export function firstRunlevel(file: string = UTMP): Runlevels | undefined {
  return runlevelsOf(records(file).find(tellsRunlevel));
}

function tellsRunlevel(record: Buffer): boolean {
  return record.readInt16LE(FIELD.type) === RUN_LVL;
}

function runlevelsOf(record: Buffer | undefined): Runlevels | undefined {
  if (!record) return undefined;
  const letter = (code: number) => code === 0 ? "N" : String.fromCharCode(code);
  return { runlevel: letter(record[FIELD.pid]!), previous: letter(record[FIELD.pid + 1]!) };
}

/** A user who is logged in. */
interface Login {
  user: string;
  /** e.g. `/dev/tty1`. */
  terminal: string;
}

/**
 * The names of terminals. Other programs than root's write records of logins, too, so none may name another device or a
 * way out of /dev: to open one has consequences.
 */
const TERMINAL = /^\/dev\/(pts\/\d+|(tty|hvc|hvsi|xvc|sclp|console)\w*)$/;

/** The users who are logged in on terminals; none when there are no records. */
export function logins(file: string = UTMP): Login[] {
  return (ifAllowed(() => records(file)) ?? [])
    .filter((record) => record.readInt16LE(FIELD.type) === USER_PROCESS && record[FIELD.user] !== 0)
    .map((record) => ({
      user: textOf(record, FIELD.user, FIELD.host),
      terminal: textOf(record, FIELD.line, FIELD.id).replace(/^(?!\/dev\/)/, "/dev/"),
    }))
    .filter(({ terminal }) => TERMINAL.test(terminal));
}

/** The terminals of users who are logged in, each once. */
export function terminalsInUse(file: string = UTMP): string[] {
  return [...new Set(logins(file).map(({ terminal }) => terminal))];
}

function textOf(record: Buffer, start: number, end: number): string {
  return record.toString("utf8", start, end).split("\0", 1)[0]!;
}

/**
 * The types of all records of a file.
 * @throws {Error} when the file cannot be read.
 */
export function typesOf(file: string): number[] {
  return records(file).map((record) => record.readInt16LE(FIELD.type));
}

/**
 * More of a file is not read, in bytes: other programs than root's write to utmp, and may have left a file of any size.
 * Records that count are among the first ones of utmp, and among the last ones of wtmp.
 */
const MOST_READ = RECORD_SIZE << 12;

/** @throws {Error} when the file cannot be read, or is none. Nothing is waited for. */
function records(file: string, where: "first" | "last" = "first"): Buffer[] {
  const bytes = readPart(file, where);
  const count = Math.floor(bytes.length / RECORD_SIZE);
  return Array.from(
    { length: count },
    (_, index) => bytes.subarray(index * RECORD_SIZE, (index + 1) * RECORD_SIZE),
  );
}

function readPart(file: string, where: "first" | "last"): Buffer {
  const { O_RDONLY, O_NONBLOCK, O_NOCTTY } = constants;
  const descriptor = openSync(file, O_RDONLY | O_NONBLOCK | O_NOCTTY);
  try {
    const status = fstatSync(descriptor);
    const size = status.isFile() ? Math.floor(status.size / RECORD_SIZE) * RECORD_SIZE : 0;
    const length = Math.min(size, MOST_READ), bytes = Buffer.alloc(length);
    const count = length > 0 && readSync(descriptor, bytes, 0, length, where === "last" ? size - length : 0);
    return bytes.subarray(0, Number(count));
  } finally {
    closeSync(descriptor);
  }
}

/**
 * Opens a file of records to write to it. Nothing is waited for. Where others may write its directory, neither a link is followed
 * nor a file opened that has another name.
 * @throws {Error} when it cannot be opened.
 */
export function openRecords(file: string, flags: number): number {
  const { O_NOFOLLOW, O_NONBLOCK, O_NOCTTY } = constants;
  const open = (more: number) => openSync(file, flags | O_NONBLOCK | O_NOCTTY | more);
  const descriptor = unlessRefused(() => open(O_NOFOLLOW), (error) => {
    if (error.code !== "ELOOP" || isOthersPlace(file)) throw error;
    return open(0);
  });
  if (fstatSync(descriptor).nlink <= 1 || !isOthersPlace(file)) return descriptor;
  closeSync(descriptor);
  throw new SystemError(`write to ${file}, which has another name`, EPERM);
}
