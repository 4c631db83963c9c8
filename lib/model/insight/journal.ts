/** What init keeps of what has happened: the records of its journal, and the lines of jobs' output. They are JSON as they are. */

import type { Exit } from "../exit.ts";
import type { InstanceProcess } from "../job.ts";

/** Who asked: a client, by the kernel's word. */
export interface Asker {
  pid: number;
  uid: number;
  /** The name of its program, as ps has it; without control characters, as is that of the parent. */
  command?: string;
  /** The process that has started it. */
  parent?: { pid: number; command: string };
}

/** Why a goal has changed, or an event was emitted. */
export type Cause =
  /** An event has fulfilled the condition; with several, the last one. */
  | { by: "event"; event: string; environment: string[] }
  | { by: "request"; asker?: Asker }
  /** Another job needs it or conflicts with it, or one that it needs, or is to be up with, has gone or has come. */
  | { by: "dependency"; job: string }
  /** Of an event: an instance emits it, such as `started`. */
  | { by: "job"; job: string; instance: string }
  /** Its main process has ended, and the definition says what follows. */
  | { by: "exit" }
  | { by: "respawn" }
  /** A failure: of a hook, of a check, of a start that took too long. `reason` is the end of a sentence. */
  | { by: "failure"; reason: string }
  | { by: "shutdown" }
  /** Init itself, as with the event startup, or a signal to it. */
  | { by: "init" };

/** How a run of an instance, or of one of its processes, went. */
export interface RunResult {
  /** When it ended, and how long it had run (ms); absent where it never began. */
  at: number;
  duration?: number;
  /** The process that decides: the main process, the hook that failed, or the one that could not be run. */
  process: InstanceProcess;
  /** How that process ended; absent where it could not be run, or did not end. */
  exit?: Exit;
  /** True where this is a failure by the job's definition. */
  isFailure: boolean;
  /** Why, as the end of a sentence that begins with the job; absent where the exit says all. */
  reason?: string;
  /** How many failures there have been in a row, this one among them. */
  failures?: number;
  /** When the first of them was (ms since 1970). */
  failuresSince?: number;
  /** True where init does not try again: the limit of respawns is reached. */
  gaveUp?: true;
}

/** What has happened. Times are in ms since 1970. */
export type JournalEntry =
  /** An event is emitted. */
  | { kind: "event"; event: string; environment: string[]; cause: Cause }
  /** All that it set off is up or done. */
  | { kind: "event-over"; event: string; environment: string[]; failed?: true }
  | { kind: "goal"; job: string; instance: string; goal: string; cause: Cause }
  /** An instance is in another state. Those that it goes through without a stay are left out. */
  | { kind: "state"; job: string; instance: string; state: string }
  | { kind: "spawned"; job: string; instance: string; process: InstanceProcess; pid: number }
  | { kind: "spawn-failed"; job: string; instance: string; process: InstanceProcess; reason: string }
  | { kind: "exited"; job: string; instance: string; process: InstanceProcess; pid?: number; exit: Exit }
  /** A run has failed; `gaveUp` as in {@link RunResult}. */
  | { kind: "failed"; job: string; instance: string; result: RunResult }
  /** The answer of a check has changed. `reason` where it fails. */
  | { kind: "check"; job: string; instance: string; check: string; passes: boolean; reason?: string }
  /** A job was defined, replaced or removed. */
  | { kind: "definition"; job: string; change: "added" | "changed" | "removed" }
  /**
   * A client has asked for a change of a job; of an event that it emits, the cause tells. `what` is e.g. `start web`. With an
   * empty `job`: for a restart of init.
   */
  | { kind: "request"; what: string; job: string; asker: Asker; error?: string }
  /** A message of init: a warning, an error, a problem of a file. */
  | { kind: "message"; priority: string; message: string };

/** A record of the journal: an entry with its number, which only grows, and its time. */
export type JournalRecord = { number: number; at: number } & JournalEntry;

/** A line of a job's output, as it is kept in memory. */
export interface OutputLine {
  /** Only grows, over all jobs; not by one. */
  number: number;
  /** When its end was read (ms since 1970). */
  at: number;
  job: string;
  instance: string;
  /** Without its end. Bytes that are no UTF-8 are U+FFFD. */
  text: string;
}

/** Which records or lines a reader wants. */
export interface PageQuery {
  /** Those of these jobs; of all when it is empty. Records of no job, such as messages, are left out with names. */
  jobs: string[];
  /** Those with a greater number than this; 0: from the first that is kept. */
  after: number;
  /** Those that are not older than this (ms since 1970); 0: of any time. */
  since: number;
  /** How many at most. Init may give fewer at a time: the reader goes on from {@link Page.next}. */
  most: number;
  /** True: the last ones of these, else the first ones. They come in the order of their numbers in any case. */
  last: boolean;
}

/** A part of the journal, or of the output. */
export interface Page<Item> {
  items: Item[];
  /** To go on from here: what {@link PageQuery.after} is to be next. */
  next: number;
  /**
   * How much of what the reader asked for is not kept any more, between `after` and `next`: records of the journal, of
   * whatever job; of output, bytes at most.
   */
  lost: number;
}
