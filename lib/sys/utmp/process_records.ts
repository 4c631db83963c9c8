/** The records of processes that SysV's init keeps in utmp(5) and wtmp, by the IDs of inittab's lines. */

import { Buffer } from "node:buffer";
import * as fs from "node:fs";
import { ifAllowed } from "../call/refused.ts";
import { ACCOUNTS, type Accounts, systemRecord } from "./accounting.ts";
import { BOOT_TIME, FIELD, openRecords, RECORD_SIZE, RUN_LVL } from "./records.ts";

/** Types of records. */
const INIT_PROCESS = 5, DEAD_PROCESS = 8;

/** More of utmp is not searched, in bytes: a record that is not found by then is put at the end. */
const MOST_SEARCHED = 1 << 17;

/** What of utmp is searched: read here each time, for ten thousand lines would leave a gigabyte to the garbage collection. */
const searched = Buffer.alloc(MOST_SEARCHED);

/** Where utmp has the records of processes, by the file and the ID. Others may have written there since. */
const places = new Map<string, number>();

/** How many places are kept. */
const MOST_PLACES = 20_000;

/** Where a process's end stands in a record. */
const TERMINATION = 332, STATUS = 334;

/** A process of init's. */
interface RecordedProcess {
  /** At most four characters. */
  id: string;
  pid: number;
}

/** Records that a process has been started. Errors of the kernel are ignored. Nothing is waited for. */
export function recordStart({ id, pid }: RecordedProcess, accounts: Accounts = ACCOUNTS): void {
  writeBoth(accounts, processRecord(INIT_PROCESS, id, pid));
}

/**
 * Records that a process has ended, or is asked to. Likewise.
 * @param signal The signal that has ended it, else 0
 * @param status Its exit status
 */
export function recordEnd(
  { id, pid }: RecordedProcess,
  { signal = 0, status = 0 }: { signal?: number; status?: number },
  accounts: Accounts = ACCOUNTS,
): void {
  const record = processRecord(DEAD_PROCESS, id, pid);
  record.writeInt16LE(signal, TERMINATION);
  record.writeInt16LE(status, STATUS);
  writeBoth(accounts, record);
}

/** Records that the system has started. Likewise. */
export function recordBoot(accounts: Accounts = ACCOUNTS): void {
  writeBoth(accounts, systemRecord(BOOT_TIME, "reboot"));
}

/** Records a change of the runlevel. Likewise. @param previous `N` for none */
export function recordLevel(runlevel: string, previous: string, accounts: Accounts = ACCOUNTS): void {
  // SysV's init writes `N` as it is, of which who(1) makes `last=S`.
  const levels = runlevel.charCodeAt(0) + 256 * previous.charCodeAt(0);
  writeBoth(accounts, systemRecord(RUN_LVL, "runlevel", levels));
}

function processRecord(type: number, id: string, pid: number): Buffer {
  const record = systemRecord(type, "", pid);
  for (const [field, end] of [[FIELD.line, FIELD.id], [FIELD.host, TERMINATION]] as const) {
    record.fill(0, field, end);
  }
  record.fill(0, FIELD.id, FIELD.user);
  record.write(id, FIELD.id, FIELD.user - FIELD.id);
  return record;
}

/** In utmp a record takes the place of an earlier one of its kind or ID. Of the system's, only wtmp has the kernel's release. */
function writeBoth({ utmp, wtmp }: Accounts, record: Buffer): void {
  const present = Buffer.from(record);
  present.fill(0, FIELD.host, TERMINATION);
  // There may be no such file, or no room on the disk.
  ifAllowed(() => {
    using file = new RecordFile(utmp, fs.constants.O_RDWR);
    const key = `${utmp} ${Math.min(present.readInt16LE(FIELD.type), INIT_PROCESS)} ${idOf(present)}`;
    const place = file.placeFor(present, places.get(key));
    if (places.size < MOST_PLACES) places.set(key, place);
    file.write(present, place);
  });
  ifAllowed(() => {
    using file = new RecordFile(wtmp, fs.constants.O_WRONLY | fs.constants.O_APPEND);
    file.write(record, null);
  });
}

/** An open file of records. */
class RecordFile implements Disposable {
  readonly #descriptor: number;

  /** @throws {Error} when it cannot be opened, or is no file. */
  constructor(path: string, flags: number) {
    this.#descriptor = openRecords(path, flags);
  }

  /** The offset of the record that this one replaces, or else the end. @param known Where it was the last time */
  placeFor(record: Buffer, known: number | undefined): number {
    const { size } = this.#status();
    if (known !== undefined) {
      const there = Buffer.alloc(RECORD_SIZE);
      const isWhole = fs.readSync(this.#descriptor, there, 0, RECORD_SIZE, known) === RECORD_SIZE;
      if (isWhole && isReplaced(there, record)) return known;
    }
    const length = fs.readSync(this.#descriptor, searched, 0, searched.length, 0);
    for (let place = 0; place + RECORD_SIZE <= length; place += RECORD_SIZE) {
      if (isReplaced(searched.subarray(place, place + RECORD_SIZE), record)) return place;
    }
    return Math.floor(size / RECORD_SIZE) * RECORD_SIZE;
  }

  write(record: Buffer, place: number | null): void {
    if (this.#status().isFile()) fs.writeSync(this.#descriptor, record, 0, RECORD_SIZE, place);
  }

  #status(): fs.Stats {
    return fs.fstatSync(this.#descriptor);
  }

  [Symbol.dispose](): void {
    fs.closeSync(this.#descriptor);
  }
}

/** True for records of the same kind, of those about the system; of the same ID, of those about processes (5 to 8). */
function isReplaced(old: Buffer, record: Buffer): boolean {
  const [before, after] = [old, record].map((one) => one.readInt16LE(FIELD.type)) as [number, number];
  if (after < INIT_PROCESS) return before === after;
  return before >= INIT_PROCESS && before <= DEAD_PROCESS && idOf(old) === idOf(record);
}

function idOf(record: Buffer): string {
  return record.toString("latin1", FIELD.id, FIELD.user);
}
