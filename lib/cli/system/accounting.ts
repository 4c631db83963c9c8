/** Writing utmp(5) and wtmp: what `who -b`, `last` and `runlevel` know of the system's start, runlevels and end. */

import { Buffer } from "node:buffer";
import { closeSync, fstatSync, openSync, writeSync } from "node:fs";
import { release } from "node:os";
import { lockForWriting } from "../../sys/descriptors.ts";
import { BOOT_TIME, FIELD, RECORD_SIZE, recordedRunlevel, RUN_LVL, typesOf, UTMP } from "./records.ts";

/** Files of records. */
export interface Accounts {
  /** The present ones: there is one of each type. */
  utmp: string;
  /** All that ever were. */
  wtmp: string;
}

const ACCOUNTS: Accounts = { utmp: UTMP, wtmp: "/var/log/wtmp" };

/**
 * Records a change of the runlevel; the letters are those of `runlevel`, `N` for none. Where the one before is not on
 * record the system has started since, and that is recorded first. Neither file is made here: who wants no records
 * has none. That one cannot be written to holds nobody up.
 */
export function recordRunlevel(runlevel: string, previous: string, accounts: Accounts = ACCOUNTS): void {
  const code = (letter: string) => letter === "N" ? 0 : letter.charCodeAt(0);
  const change = record(RUN_LVL, "runlevel", code(runlevel) + 256 * code(previous));
  writeBoth(accounts, (file) => {
    const isKnown = previous !== "N" && recordedRunlevel(file)?.runlevel === previous;
    return isKnown ? [change] : [record(BOOT_TIME, "reboot"), change];
  });
}

/** Records that the system is about to go down. */
export function recordShutdown(accounts: Accounts = ACCOUNTS): void {
  writeBoth(accounts, () => [record(RUN_LVL, "shutdown")]);
}

function writeBoth({ utmp, wtmp }: Accounts, recordsFor: (file: string) => Buffer[]): void {
  for (const [file, placeOf] of [[utmp, placeOfType], [wtmp, end]] as const) {
    try {
      for (const record of recordsFor(file)) write(file, record, placeOf);
    } catch {
      // There is no such file here, or the disk is full.
    }
  }
}

/** A record of the system itself, not of a terminal. */
function record(type: number, user: string, pid = 0): Buffer {
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

/** Where the record of this one's type stands, or else the end. */
function placeOfType(open: Accounting, record: Buffer): number {
  const index = typesOf(open.file).indexOf(record.readInt16LE(FIELD.type));
  return index < 0 ? end(open) : index * RECORD_SIZE;
}

/** The end of the last whole record. */
function end({ descriptor }: Accounting): number {
  return Math.floor(fstatSync(descriptor).size / RECORD_SIZE) * RECORD_SIZE;
}

/** Writes a record while nobody else does, as logins do with the same lock. Who keeps it for long is not waited for. */
function write(file: string, record: Buffer, placeOf: (open: Accounting, record: Buffer) => number): void {
  const descriptor = openSync(file, "r+");
  try {
    lockForWriting(descriptor);
    writeSync(descriptor, record, 0, RECORD_SIZE, placeOf({ file, descriptor }, record));
  } finally {
    closeSync(descriptor);
  }
}
