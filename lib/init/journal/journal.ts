/**
 * The journal: what has happened, as numbered records, the last ones of which are kept in memory. Each class of records has a
 * place of its own: what comes in floods, such as events and states, does not push out who stopped what, what failed and why.
 */

import type { JournalEntry, JournalRecord, Page, PageQuery } from "../../model/insight/journal.ts";
import type { Notice } from "../../model/requests.ts";
import type { Part } from "../parts/part.ts";
import { recordOf } from "./entries.ts";
import { RecordRing, type RingLimits } from "./record_ring.ts";

/** The classes of records. */
type RecordClass = "course" | "goals" | "failures" | "definitions" | "requests" | "messages";

const CLASSES: Readonly<Record<JournalEntry["kind"], RecordClass>> = {
  "event": "course",
  "event-over": "course",
  "state": "course",
  "spawned": "course",
  "exited": "course",
  "goal": "goals",
  "failed": "failures",
  "spawn-failed": "failures",
  "check": "failures",
  "definition": "definitions",
  "request": "requests",
  "message": "messages",
};

/** What is kept of each class. */
type Limits = Readonly<Record<RecordClass, RingLimits>>;

const LIMITS: Limits = {
  course: { count: 3000, size: 600_000 },
  goals: { count: 500, size: 100_000 },
  failures: { count: 300, size: 100_000 },
  definitions: { count: 300, size: 40_000 },
  requests: { count: 300, size: 80_000 },
  messages: { count: 300, size: 80_000 },
};

/** How many records one page has at most, and about how many characters. */
const MOST_OF_PAGE = 1000, LARGEST_PAGE = 500_000;

/** What is saved of {@link Journal}. */
export interface SavedJournal {
  lastNumber: number;
  records: JournalRecord[];
}

/** The journal. */
export class Journal implements Part<SavedJournal> {
  #lastNumber = 0;
  #last: JournalRecord | undefined;
  /** The number of the last record when somebody has read last. */
  #readTo = 0;
  #rings: Record<RecordClass, RecordRing>;

  constructor(private readonly limits: Limits = LIMITS) {
    this.#rings = ringsOf(limits);
  }

  /** About how many bytes the records take. */
  get size(): number {
    return Object.values(this.#rings).reduce((sum, { size }) => sum + size, 0);
  }

  /** Records what the journal has of a notice, of what has happened at this time (ms since 1970). */
  observe(notice: Notice, at: number): void {
    if (notice.kind === "state-changed" && this.#goesThrough(notice, at)) {
      (this.#last as { state: string }).state = notice.state;
      return;
    }
    const record = recordOf(notice, this.#lastNumber + 1, at);
    if (record) this.#append(record);
  }

  /** Adds a record that has no number and time yet. */
  append(record: JournalRecord, at: number): void {
    record.number = this.#lastNumber + 1;
    record.at = at;
    this.#append(record);
  }

  /** Adds a record of what has happened at this time (ms since 1970). */
  add(entry: JournalEntry, at: number): JournalRecord {
    return this.#append({ number: this.#lastNumber + 1, at, ...entry });
  }

  #append(record: JournalRecord): JournalRecord {
    this.#lastNumber = record.number;
    this.#last = record;
    this.#ringOf(record).add(record);
    return record;
  }

  /**
   * True where an instance only goes through a state on its way to the next: that is told of with one record, unless somebody
   * has read it.
   */
  #goesThrough({ job, instance }: { job: string; instance: string }, at: number): boolean {
    const last = this.#last;
    return last !== undefined && last.kind === "state" && last.number > this.#readTo && last.at === at &&
      last.job === job && last.instance === instance;
  }

  /** Changes a record, which may be gone, or not be added yet. */
  amend(record: JournalRecord, change: Partial<JournalEntry>): void {
    this.#ringOf(record).amend(record, change);
  }

  #ringOf({ kind }: JournalEntry): RecordRing {
    return this.#rings[CLASSES[kind]];
  }

  /** The records that are asked for. */
  read({ jobs, after, since, most, last }: PageQuery): Page<JournalRecord> {
    this.#readTo = this.#lastNumber;
    const kept = this.#after(after), names = new Set(jobs);
    const wanted = kept.filter((record) =>
      record.at >= since && (names.size === 0 || isAbout(record, names))
    );
    const items = fitting(wanted, Math.min(most, MOST_OF_PAGE), last);
    const isWhole = last || items.length === wanted.length;
    const next = isWhole ? Math.max(after, this.#lastNumber) : items.at(-1)?.number ?? after;
    const given = isWhole ? kept.length : kept.findLastIndex(({ number }) => number <= next) + 1;
    return { items, next, lost: Math.max(0, next - after - given) };
  }

  /** All records with a greater number than this, in order. */
  #after(number: number): JournalRecord[] {
    return Object.values(this.#rings).map((ring) => ring.after(number)).reduce(merged);
  }

  save(): SavedJournal {
    return { lastNumber: this.#lastNumber, records: this.#after(0) };
  }

  /** What has happened since it was made comes behind what was saved. */
  restore({ lastNumber, records }: SavedJournal): void {
    const newer = this.#after(0);
    this.#rings = ringsOf(this.limits);
    this.#lastNumber = lastNumber;
    for (const record of records) this.#ringOf(record).add(record);
    for (const { number: _, at, ...entry } of newer) this.add(entry as JournalEntry, at);
    // Somebody may have read the last one.
    this.#last = undefined;
  }
}

function ringsOf(limits: Limits): Record<RecordClass, RecordRing> {
  const rings = Object.entries(limits).map(([name, limits]) => [name, new RecordRing(limits)]);
  return Object.fromEntries(rings) as Record<RecordClass, RecordRing>;
}

/** Records of both lists, in the order of their numbers. */
function merged(one: JournalRecord[], other: JournalRecord[]): JournalRecord[] {
  const all: JournalRecord[] = [];
  let index = 0;
  for (const record of one) {
    while (index < other.length && other[index]!.number < record.number) all.push(other[index++]!);
    all.push(record);
  }
  while (index < other.length) all.push(other[index++]!);
  return all;
}

/** True for a record of one of these jobs: of an event, where the job emits it. */
function isAbout(record: JournalRecord, jobs: ReadonlySet<string>): boolean {
  if ("job" in record) return jobs.has(record.job);
  return record.kind === "event" && record.cause.by === "job" && jobs.has(record.cause.job);
}

/** So many of the first records, or of the last ones, as fit into a page. One does in any case. */
function fitting(records: JournalRecord[], most: number, last: boolean): JournalRecord[] {
  let size = 0, count = 0;
  while (count < Math.min(most, records.length)) {
    size += JSON.stringify(records.at(last ? -1 - count : count)).length;
    if (count > 0 && size > LARGEST_PAGE) break;
    count++;
  }
  return last ? records.slice(records.length - count) : records.slice(0, count);
}
