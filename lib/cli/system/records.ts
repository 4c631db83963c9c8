/** Reading utmp(5): who is logged in, and which runlevel the system is in. */

import { Buffer } from "node:buffer";
import { readFileSync } from "node:fs";
import process from "node:process";

/** Where the present records are. */
export const UTMP = "/var/run/utmp";

/** `struct utmpx` of glibc: times and the session have 64 bits on aarch64. In bytes. */
const WIDE = process.arch === "arm64";
export const RECORD_SIZE = WIDE ? 400 : 384;

/** Where the fields of a record begin. */
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

/** A runlevel and the one before; `N` for none. */
export interface Runlevels {
  runlevel: string;
  previous: string;
}

/** The runlevel that RUNLEVEL and PREVLEVEL tell: init's jobs have them while the system starts. */
export function runlevelOfEnvironment(
  environment: Record<string, string | undefined>,
): Runlevels | undefined {
  const { RUNLEVEL, PREVLEVEL } = environment;
  if (RUNLEVEL === undefined) return undefined;
  return { runlevel: RUNLEVEL[0] ?? "N", previous: PREVLEVEL?.[0] ?? "N" };
}

/** The most recent runlevel of a file of records; undefined when it has none. Throws the system's error. */
export function recordedRunlevel(file: string = UTMP): Runlevels | undefined {
  const record = records(file).findLast((record) => record.readInt16LE(FIELD.type) === RUN_LVL);
  if (!record) return undefined;
  const letter = (code: number) => code === 0 ? "N" : String.fromCharCode(code);
  return { runlevel: letter(record[FIELD.pid]!), previous: letter(record[FIELD.pid + 1]!) };
}

/** The terminals of those who are logged in, e.g. `/dev/tty1`; none when there are no records. */
export function terminalsInUse(file: string = UTMP): string[] {
  let all: Buffer[];
  try {
    all = records(file);
  } catch {
    return [];
  }
  return all
    .filter((record) => record.readInt16LE(FIELD.type) === USER_PROCESS && record[FIELD.user] !== 0)
    .map((record) => record.toString("utf8", FIELD.line, FIELD.id).split("\0", 1)[0]!)
    .map((line) => line.startsWith("/dev/") ? line : `/dev/${line}`);
}

/** The types of all records of a file. Throws the system's error. */
export function typesOf(file: string): number[] {
  return records(file).map((record) => record.readInt16LE(FIELD.type));
}

function records(file: string): Buffer[] {
  const bytes = readFileSync(file);
  const count = Math.floor(bytes.length / RECORD_SIZE);
  return Array.from(
    { length: count },
    (_, index) => bytes.subarray(index * RECORD_SIZE, (index + 1) * RECORD_SIZE),
  );
}
