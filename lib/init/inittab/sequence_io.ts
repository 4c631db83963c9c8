/** What goes into the sequencer of inittab, and what comes out. */

import type { Inittab, InittabEntry, InittabTrigger } from "../../model/sysv/inittab.ts";
import type { BootFlags } from "../options/option_table.ts";
import type { SequenceState } from "./sequence_state.ts";

/** Something that has happened. */
export type SequenceInput =
  | { kind: "boot"; inittab: Inittab; flags: BootFlags }
  /** telinit(8): a runlevel, or one of the letters a, b, c. `sleepTime`: the seconds between SIGTERM and SIGKILL. */
  | { kind: "request"; level: string; sleepTime: number }
  /** The lines are to be read anew, and compared. */
  | { kind: "reload"; sleepTime: number }
  /** The answer to `read`. Absent when there is nothing to be read: the lines that were there remain. */
  | { kind: "read"; inittab: Inittab | undefined }
  | { kind: "ended"; id: string }
  | { kind: "trigger"; trigger: InittabTrigger }
  /** The answer to `ask`: the text. Absent when nobody can be asked. */
  | { kind: "answer"; text: string | undefined }
  | { kind: "timer"; timer: SequenceTimer };

/** `kill`: what is to end has had its time. `rest`: a line has rested. */
export type SequenceTimer = "kill" | "rest";

/** Something to be done, in this order. */
export type SequenceEffect =
  | { kind: "message"; text: string }
  | { kind: "start"; entry: InittabEntry; level: string; previous: string }
  /** Ask the process to end, or end it: SIGTERM, SIGKILL. */
  | { kind: "stop" | "kill"; id: string }
  /** `delay` in ms, from now. Absent: it is not needed any more. */
  | { kind: "timer"; timer: SequenceTimer; delay?: number }
  /** Read inittab, and answer by `read`. This is the last effect. */
  | { kind: "read" }
  /** Ask for the runlevel on the console, or ask no longer. */
  | { kind: "ask" | "stop-asking" }
  /** The system's own start is over. */
  | { kind: "booted" }
  /** The runlevel has changed. A boot to S is no change on record. */
  | { kind: "level"; level: string; previous: string; isRecorded: boolean };

/** The sequencer at work on an input. */
export interface SequenceRun {
  state: SequenceState;
  /** The time of the input, in ms. */
  now: number;
  /** What is to be done. */
  effects: SequenceEffect[];
}

/** Notes what is to be done. */
export function perform({ effects }: SequenceRun, effect: SequenceEffect): void {
  effects.push(effect);
}

/** Has something told. */
export function say(run: SequenceRun, text: string): void {
  perform(run, { kind: "message", text });
}
