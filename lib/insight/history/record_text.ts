/** The records of init's journal in words. */

import { displayName } from "../../model/display_name.ts";
import type { JournalEntry, JournalRecord } from "../../model/insight/journal.ts";
import { printable } from "../../model/text/printable.ts";
import { askerInWords, causeInWords, exitInWords, resultInWords } from "../results.ts";
import type { Paint, Style } from "../screen/style.ts";
import { clockTime, isSameDay } from "./since.ts";

type Kind = JournalEntry["kind"];
type EntryOf<One extends Kind> = Extract<JournalRecord, { kind: One }>;

/** What is said of a record, behind the name of its kind. */
const WORDS: { [One in Kind]: (record: EntryOf<One>) => string } = {
  event: ({ event, environment, cause }) => `${eventText(event, environment)}, by ${causeInWords(cause)}`,
  "event-over": ({ event, environment, failed }) =>
    `${eventText(event, environment)} ${failed ? "has failed" : "is over"}`,
  goal: ({ goal, cause, ...of }) => `${nameOf(of)} is to ${goal}, by ${causeInWords(cause)}`,
  state: ({ state, ...of }) => `${nameOf(of)} is ${state}`,
  spawned: ({ process, pid, ...of }) => `${nameOf(of)} ${process} process ${pid}`,
  "spawn-failed": ({ process, reason, ...of }) => `${nameOf(of)} ${process} process: ${reason}`,
  exited: ({ process, pid, exit, ...of }) =>
    `${nameOf(of)} ${process} process${pid === undefined ? "" : ` ${pid}`} ${exitInWords(exit)}`,
  failed: ({ result, at, ...of }) => `${nameOf(of)}: ${resultInWords(result, at).replace(/, just now/, "")}`,
  check: ({ check, passes, reason, ...of }) =>
    `${nameOf(of)}: ${check} ${passes ? "passes" : `fails${reason === undefined ? "" : `: ${reason}`}`}`,
  definition: ({ job, change }) => `${job} was ${change}`,
  request: ({ what, asker, error }) =>
    `${what}, by ${askerInWords(asker)}${error === undefined ? "" : `: ${error}`}`,
  message: ({ priority, message }) => priority === "message" ? message : `${priority}: ${message}`,
};

/** The kinds of records. */
export const RECORD_KINDS = Object.keys(WORDS) as Kind[];

const KIND_WIDTH = Math.max(...RECORD_KINDS.map((kind) => kind.length));

/** What is worth to be seen at once. */
const PAINTS: { readonly [One in Kind]?: Paint | ((record: EntryOf<One>) => Paint | undefined) } = {
  event: "strong",
  "event-over": ({ failed }) => failed ? "bad" : "dim",
  "spawn-failed": "bad",
  failed: "bad",
  check: ({ passes }) => passes ? "good" : "bad",
  request: ({ error }) => error === undefined ? "strong" : "bad",
  message: ({ priority }) => priority === "warn" ? "warn" : /error|fatal/.test(priority) ? "bad" : undefined,
};

function eventText(event: string, environment: string[]): string {
  return [event, ...environment].join(" ");
}

function nameOf({ job, instance }: { job: string; instance: string }): string {
  return displayName(job, instance);
}

/** A record as a line: `04:15:30 goal  web is to start, by the event startup`. `now`: days other than its are named. */
export function recordText(record: JournalRecord, style: Style, now: number): string {
  const say = WORDS[record.kind] as (record: JournalRecord) => string;
  const paint = PAINTS[record.kind] as Paint | ((record: JournalRecord) => Paint | undefined) | undefined;
  const time = style(clockTime(record.at, !isSameDay(record.at, now)), "dim");
  const words = printable(say(record));
  return `${time} ${record.kind.padEnd(KIND_WIDTH)} ${
    style(words, typeof paint === "function" ? paint(record) : paint)
  }`;
}
