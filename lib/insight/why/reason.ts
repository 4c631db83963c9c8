/** Reasons: the tree of sentences that says why a job is as it is. It is JSON as it is. */

import { printable } from "../../model/text/printable.ts";

/** What a reason is about. */
type ReasonKind =
  /** What an instance does, or waits for. */
  | "state"
  /** The whole of a condition. */
  | "start-on"
  | "stop-on"
  /** Parts of a condition: both sides, one of them, an event, a level. */
  | "and"
  | "or"
  | "event"
  | "level"
  /** Who could emit an event, or has. */
  | "source"
  /** Why its goal has changed. */
  | "cause"
  /** How its last run went. */
  | "result"
  /** A job that it depends on, or that conflicts with it. */
  | "dependency"
  /** A job that depends on it. */
  | "dependant"
  /** Who holds an event up that it waits for. */
  | "holder"
  | "process"
  | "timer"
  | "check"
  /** Jobs that wait for each other. */
  | "circle"
  /** What is wrong with a file. */
  | "problem"
  | "note"
  /** What to do. */
  | "advice";

/** A reason, and what it rests on. */
export interface ReasonNode {
  kind: ReasonKind;
  /** A sentence without its full stop, or the end of one whose beginning is what it belongs to. It is one line. */
  text: string;
  /** Of a condition, its parts and dependencies: whether it is fulfilled. */
  isMet?: boolean;
  /** True for what cannot become true as things are: nothing emits the event, there is no such job, a circle. */
  isHopeless?: true;
  /** The job and the instance that it is about, where it is about one. */
  job?: string;
  instance?: string;
  /** The event that it is about, and its variables as `KEY=VALUE`, where it has come. */
  event?: string;
  environment?: string[];
  /** The process that it is about. */
  pid?: number;
  /** When that was, or is going to be (ms since 1970). */
  at?: number;
  /** The members of a circle. */
  members?: string[];
  reasons: ReasonNode[];
}

/** What a reason says beside its kind, its text and what it rests on. */
type ReasonDetails = Partial<Omit<ReasonNode, "kind" | "text" | "reasons">>;

/** Makes a reason. What others have named is made printable. */
export function reason(
  kind: ReasonKind,
  text: string,
  details: ReasonDetails = {},
  reasons: readonly ReasonNode[] = [],
): ReasonNode {
  return { kind, text: printable(text), ...details, reasons: [...reasons] };
}

/** What a job, or one of its instances, does, in a word. */
export type JobVerdict =
  | "up"
  /** On its way up, or down. */
  | "starting"
  | "stopping"
  /** It waits for the time of its next try. */
  | "respawning"
  /** Its last run has failed, and nothing tries again. */
  | "failed"
  /** A task that has done its work. */
  | "completed"
  /** It has run, and was stopped, or has ended. */
  | "stopped"
  /** It has not run, and waits for its condition, or for somebody to start it. */
  | "waiting"
  /** Its file defines no job. */
  | "broken";

/** The answer to `why`: of a job that has no instance, or of one instance. */
export interface Explanation {
  job: string;
  /** Null where no instance is there. */
  instance: string | null;
  verdict: JobVerdict;
  /** True where it does not get on by itself: it waits for what never comes, or in a circle. */
  isStuck: boolean;
  /** The answer in one sentence, without its full stop. */
  summary: string;
  reasons: ReasonNode[];
}

/** So many reasons of one kind stand in a list. */
export const MOST_LISTED = 8;

/** The first of many, and how many more there are. */
export function listed<Item>(
  items: readonly Item[],
  make: (item: Item) => ReasonNode,
  what: string,
  most = MOST_LISTED,
): ReasonNode[] {
  const shown = items.slice(0, most).map(make);
  const more = items.length - shown.length;
  return more > 0 ? [...shown, reason("note", `and ${more} more ${what}`)] : shown;
}
