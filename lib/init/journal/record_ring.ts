/** Records in the order of their numbers, of which the oldest go when there are too many, or they are too large. */

import type { Cause, JournalRecord } from "../../model/insight/journal.ts";

/** What records may take. */
export interface RingLimits {
  /** How many there are at most. */
  count: number;
  /** About how many bytes all of them take at most. */
  size: number;
}

/** So many places of records that are gone are left at the beginning of the list before it is cut, and what is there. */
const MOST_GONE = 512,
  GONE: JournalRecord = { number: 0, at: 0, kind: "definition", job: "", change: "removed" };

/** The largest part of all space that one record may take. */
const LARGEST_SHARE = 1 / 4;

/** The last records. */
export class RecordRing {
  #records: JournalRecord[] = [];
  /** About what each record takes, in bytes. */
  #sizes: number[] = [];
  /** Where the first record is that is kept. */
  #first = 0;
  #size = 0;

  constructor(private readonly limits: RingLimits) {}

  /** Adds a record with a greater number than all before it. One for which too many would have to go is not kept. */
  add(record: JournalRecord): void {
    const size = sizeOf(record);
    if (size > this.limits.size * LARGEST_SHARE) return;
    this.#records.push(record);
    this.#sizes.push(size);
    this.#size += size;
    this.#shrink();
  }

  /** Changes a record, which may be gone. */
  amend(record: JournalRecord, change: Partial<JournalRecord>): void {
    const index = this.#indexAfter(record.number - 1), isKept = this.#records[index] === record;
    Object.assign(record, change);
    if (!isKept) return;
    const size = sizeOf(record);
    this.#size += size - this.#sizes[index]!;
    this.#sizes[index] = size;
    this.#shrink();
  }

  /** How many there are. */
  get length(): number {
    return this.#records.length - this.#first;
  }

  /** About how many bytes they take. */
  get size(): number {
    return this.#size;
  }

  /** The records with a number greater than this, in order. */
  after(number: number): JournalRecord[] {
    return this.#records.slice(this.#indexAfter(number));
  }

  #indexAfter(number: number): number {
    let low = this.#first, high = this.#records.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#records[middle]!.number > number) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  #shrink(): void {
    while (this.#size > this.limits.size || this.length > this.limits.count) this.#drop();
  }

  #drop(): void {
    this.#size -= this.#sizes[this.#first]!;
    this.#records[this.#first++] = GONE;
    if (this.#first < MOST_GONE) return;
    this.#records = this.#records.slice(this.#first);
    this.#sizes = this.#sizes.slice(this.#first);
    this.#first = 0;
  }
}

/** What a record takes without its texts, in bytes; it has few fields. */
const PLAIN_SIZE = 100;

/** About what a record takes in memory, in bytes. A walk over all fields of each would cost more than all else here. */
function sizeOf(record: JournalRecord): number {
  const size = PLAIN_SIZE + ("job" in record ? record.job.length : 0) +
    ("instance" in record ? record.instance.length : 0);
  switch (record.kind) {
    case "event":
      return size + record.event.length + sizeOfVariables(record.environment) + sizeOfCause(record.cause);
    case "event-over":
      return size + record.event.length + sizeOfVariables(record.environment);
    case "goal":
      return size + sizeOfCause(record.cause);
    case "failed":
      return size + PLAIN_SIZE + (record.result.reason?.length ?? 0);
    case "spawn-failed":
      return size + record.reason.length;
    case "check":
      return size + (record.reason?.length ?? 0);
    case "request":
      return size + record.what.length + (record.error?.length ?? 0);
    case "message":
      return size + record.message.length;
    default:
      return size;
  }
}

function sizeOfCause(cause: Cause): number {
  if (cause.by === "event") return PLAIN_SIZE + cause.event.length + sizeOfVariables(cause.environment);
  return PLAIN_SIZE + (cause.by === "failure" ? cause.reason.length : 0);
}

function sizeOfVariables(environment: readonly string[]): number {
  let size = 32;
  for (const pair of environment) size += 24 + pair.length;
  return size;
}
