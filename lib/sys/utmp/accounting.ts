/** Writing utmp(5) and wtmp: the records of the system's start, runlevels and end, for `who -b`, `last` and `runlevel`. */

import { Buffer } from "node:buffer";
import { closeSync, constants, fstatSync, writeSync } from "node:fs";
import { release } from "node:os";
import { lockForWriting } from "../io/descriptors.ts";
import {
  BOOT_TIME,
  FIELD,
  openRecords,
  RECORD_SIZE,
  recordedRunlevel,
  RUN_LVL,
  typesOf,
  UTMP,
} from "./records.ts";
import { ifAllowed } from "../call/refused.ts";

/** The files of records. */
export interface Accounts {
  /** The present records: one of each type. */
  utmp: string;
  /** All records so far. */
  wtmp: string;
}

/** The system's own. */
export const ACCOUNTS: Accounts = { utmp: UTMP, wtmp: "/var/log/wtmp" };

/**
 * Records a change of the runlevel. Where the previous runlevel is not on record, the system has started since, and that
 * is recorded first. Files that do not exist are not made. Errors of the kernel are ignored.
 * @param runlevel The letter of `runlevel`
 * @param previous The letter of the runlevel before, `N` for none
 */
export function recordRunlevel(runlevel: string, previous: string, accounts: Accounts = ACCOUNTS): void {
  const code = (letter: string) => letter === "N" ? 0 : letter.charCodeAt(0);
  const change = systemRecord(RUN_LVL, "runlevel", code(runlevel) + 256 * code(previous));
  writeBoth(accounts, (file) => {
    const isKnown = previous !== "N" && recordedRunlevel(file)?.runlevel === previous;
    return isKnown ? [change] : [systemRecord(BOOT_TIME, "reboot"), change];
  });
}

/** Records that the system is going down. Errors of the kernel are ignored. */
export function recordShutdown(accounts: Accounts = ACCOUNTS): void {
  writeBoth(accounts, () => [systemRecord(RUN_LVL, "shutdown")]);
}

/** Records in wtmp alone that the system is going down, as SysV's halt(8) does. Errors of the kernel are ignored. */
export function recordHalt({ wtmp }: Accounts = ACCOUNTS): void {
  const bytes = systemRecord(RUN_LVL, "shutdown");
  bytes.write("~~", FIELD.line);
  ifAllowed(() => write(wtmp, bytes, end));
}

function writeBoth({ utmp, wtmp }: Accounts, recordsFor: (file: string) => Buffer[]): void {
  for (const [file, placeOf] of [[utmp, placeOfType], [wtmp, end]] as const) {
    // There may be no such file, or no room on the disk.
    ifAllowed(() => recordsFor(file).forEach((record) => write(file, record, placeOf)));
  }
}

/** Makes a record about the system. */
export function systemRecord(type: number, user: string, pid = 0): Buffer {
  const bytes = Buffer.alloc(RECORD_SIZE);
  const now = Date.now();
  const seconds = Math.floor(now / 1000), microseconds = now % 1000 * 1000;
  bytes.writeInt16LE(type, FIELD.type);
  bytes.writeInt32LE(pid, FIELD.pid);
  bytes.write("~", FIELD.line);
  bytes.write("~~", FIELD.id);
  bytes.write(user, FIELD.user);
  bytes.write(release(), FIELD.host, 255);
  bytes.writeUInt32LE(seconds, FIELD.seconds);
  bytes.writeUInt32LE(microseconds, FIELD.microseconds);
  return bytes;
}

/** An open file of records. */
interface Accounting {
  file: string;
  descriptor: number;
}

/** The offset of the record that has the same type, or else the end. */
function placeOfType(open: Accounting, record: Buffer): number {
  const index = typesOf(open.file).indexOf(record.readInt16LE(FIELD.type));
  return index < 0 ? end(open) : index * RECORD_SIZE;
}

/** The end of the last whole record. */
function end({ descriptor }: Accounting): number {
  return Math.floor(fstatSync(descriptor).size / RECORD_SIZE) * RECORD_SIZE;
}

/** Writes a record under the lock that logins use, too. When another process holds it for long, writes without it. */
function write(file: string, record: Buffer, placeOf: (open: Accounting, record: Buffer) => number): void {
  const descriptor = openRecords(file, constants.O_RDWR);
  try {
    lockForWriting(descriptor);
    writeSync(descriptor, record, 0, RECORD_SIZE, placeOf({ file, descriptor }, record));
  } finally {
    closeSync(descriptor);
  }
}
