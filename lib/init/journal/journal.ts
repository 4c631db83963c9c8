/**
 * The journal: what has happened, as numbered records, the last ones of which are kept in memory. What comes in floods, such
 * as events and states, does not push out what is rare: who stopped what, what failed and why.
 */

import type { JournalEntry, JournalRecord, Page, PageQuery } from "../../model/insight/journal.ts";
import type { Part } from "../parts/part.ts";
import { RecordRing, type RingLimits } from "./record_ring.ts";

/** The kinds of records that come in floods. */
const ROUTINE: ReadonlySet<JournalEntry["kind"]> = new Set([
  "event",
  "event-over",
  "state",
  "spawned",
  "exited",
]);

/** What is kept of those, and of all others. */
const LIMITS: Readonly<Record<"routine" | "notable", RingLimits>> = {
  routine: { count: 3000, size: 700_000 },
  notable: { count: 1000, size: 300_000 },
};

/** How many records one page has at most, and about how many characters. */
const MOST_OF_PAGE = 1000, LARGEST_PAGE = 500_000;

/** How long the variables of a record may be together, and any other text in it, in characters. */
const LONGEST_VARIABLES = 4096, LONGEST_TEXT = 4096;

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
  #routine: RecordRing;
  #notable: RecordRing;

  /** Called when there is another record. */
  onMore: () => void = () => {};

  constructor(private readonly limits = LIMITS) {
    this.#routine = new RecordRing(limits.routine);
    this.#notable = new RecordRing(limits.notable);
  }

  /** About how many bytes the records take. */
  get size(): number {
    return this.#routine.size + this.#notable.size;
  }

  /** Adds a record of what has happened at this time (ms since 1970). */
  add(entry: JournalEntry, at: number): JournalRecord {
    const last = this.#last;
    if (last && last.number > this.#readTo && goesThrough(last, entry, at)) return this.amend(last, entry);
    const record = this.#last = { number: ++this.#lastNumber, at, ...entry };
    this.#ringOf(record).add(record);
    this.onMore();
    return record;
  }

  /** Changes the record that was added last. */
  amend(record: JournalRecord, change: Partial<JournalEntry>): JournalRecord {
    this.#ringOf(record).amend(record, change);
    return record;
  }

  #ringOf({ kind }: JournalEntry): RecordRing {
    return ROUTINE.has(kind) ? this.#routine : this.#notable;
  }

  /** The records that are asked for. */
  read({ jobs, after, since, most, last }: PageQuery): Page<JournalRecord> {
    this.#readTo = this.#lastNumber;
    const kept = merged(this.#routine.after(after), this.#notable.after(after));
    const names = new Set(jobs);
    const wanted = kept.filter((record) =>
      record.at >= since && (names.size === 0 || isAbout(record, names))
    );
    const items = fitting(wanted, Math.min(most, MOST_OF_PAGE), last);
    const isWhole = last || items.length === wanted.length;
    const next = isWhole ? Math.max(after, this.#lastNumber) : items.at(-1)?.number ?? after;
    const given = isWhole ? kept.length : kept.findLastIndex(({ number }) => number <= next) + 1;
    return { items, next, lost: Math.max(0, next - after - given) };
  }

  get #all(): JournalRecord[] {
    return merged(this.#routine.after(0), this.#notable.after(0));
  }

  save(): SavedJournal {
    return { lastNumber: this.#lastNumber, records: this.#all };
  }

  /** What has happened since it was made comes behind what was saved. */
  restore({ lastNumber, records }: SavedJournal): void {
    const newer = this.#all;
    this.#routine = new RecordRing(this.limits.routine);
    this.#notable = new RecordRing(this.limits.notable);
    this.#lastNumber = lastNumber;
    for (const record of records) this.#ringOf(record).add(record);
    for (const { number: _, at, ...entry } of newer) this.add(entry as JournalEntry, at);
  }
}

/** True where an instance only goes through a state on its way to the next: that is told of with one record. */
function goesThrough(last: JournalRecord, entry: JournalEntry, at: number): boolean {
  return entry.kind === "state" && last.kind === "state" && last.at === at && last.job === entry.job &&
    last.instance === entry.instance;
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
  if ("job" in record && record.job !== undefined) return jobs.has(record.job);
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

/** Variables that a record can hold: of many or long ones the beginning. */
export function shortVariables(environment: readonly string[]): readonly string[] {
  let length = 0;
  for (const pair of environment) length += pair.length;
  if (length <= LONGEST_VARIABLES) return environment;
  const short: string[] = [];
  length = 0;
  for (const pair of environment) {
    if (length + pair.length > LONGEST_VARIABLES) {
      short.push(`${pair.slice(0, LONGEST_VARIABLES - length)}…`);
      break;
    }
    short.push(pair);
    length += pair.length;
  }
  return short;
}

/** A text that a record can hold: of a long one the beginning. */
export function shortText(text: string): string {
  return text.length > LONGEST_TEXT ? `${text.slice(0, LONGEST_TEXT)}…` : text;
}
