/** The state of inittab's sequencer: plain data. */

import { type ActionRow, INITTAB_ACTIONS, type InittabEntry } from "../../model/sysv/inittab.ts";

/**
 * Where the system is. `emergency`: a shell before anything else. `single`: the runlevel S of a boot, before the lines of
 * `boot` and `bootwait`. `level`: in a runlevel.
 */
type SequencePhase = "emergency" | "sysinit" | "single" | "boot" | "level";

/** A line, and what has become of it. */
export interface SequencedEntry {
  entry: InittabEntry;
  /** `lost`: it was killed, and nobody waits for it any more. */
  state: "idle" | "running" | "stopping" | "lost";
  /** True when its process is to be started as soon as it is its turn. */
  isDue: boolean;
  /** True when telinit(8) has asked for it by a letter: then it is for all runlevels. */
  isAsked: boolean;
  /** True when inittab has no such line any more. It goes when its process has ended. */
  isGone: boolean;
  /** When its process was started of late, in ms. */
  starts: number[];
  /** Until when it rests, since it was started too often, in ms. */
  restsUntil?: number;
}

/** A change that waits until inittab has been read anew. */
interface AwaitedChange {
  /** Absent: the lines alone are to be compared. */
  level?: string;
  /** The seconds between SIGTERM and SIGKILL. */
  sleepTime: number;
}

/** The state. */
export interface SequenceState {
  phase: SequencePhase;
  level: string;
  /** `N` before the first runlevel. */
  previous: string;
  /** The runlevel to be entered when the boot is over, where one was asked for. */
  target?: string;
  initdefault?: string;
  entries: SequencedEntry[];
  awaited?: AwaitedChange;
  /** True while somebody is asked for the runlevel, on the console. */
  isAsking: boolean;
  /** What the processes that are to end were sent last. */
  ending?: "TERM" | "KILL";
  /** True when it was told that the runlevel has no processes. */
  isEmptyTold: boolean;
}

/** The same state with other times. @param time In ms. */
export function movedBy(state: SequenceState, time: number): SequenceState {
  const entries = state.entries.map((one) => ({
    ...one,
    starts: one.starts.map((start) => start + time),
    ...(one.restsUntil !== undefined && { restsUntil: one.restsUntil + time }),
  }));
  return { ...state, entries };
}

/** The meaning of a line's action. */
export function rowOf({ entry }: SequencedEntry): ActionRow {
  return INITTAB_ACTIONS[entry.action];
}

/** A line that has just been read. */
export function newEntry(entry: InittabEntry): SequencedEntry {
  const { phase } = INITTAB_ACTIONS[entry.action];
  return {
    entry,
    state: "idle",
    isDue: phase !== "trigger" && phase !== "demand",
    isAsked: false,
    isGone: false,
    starts: [],
  };
}

/** True while its process runs, unless it is one of `boot`, which may stay as long as it likes. */
export function isBusy(one: SequencedEntry): boolean {
  return (one.state === "running" || one.state === "stopping") && rowOf(one).phase !== "boot";
}

/** True when a line is for a runlevel. Without any it is for those that have a number, and what a key starts for all. */
export function isFor(one: SequencedEntry, level: string): boolean {
  const { levels } = one.entry;
  if (levels === "") return level !== "S" || rowOf(one).phase === "trigger";
  return levels.includes(level);
}

/**
 * The lines of a file that was read anew, in its order, with what has become of those that were there before. Those that are
 * gone stay at the end while their processes run; so does, under the new line, a process of another action.
 */
export function compareEntries(before: readonly SequencedEntry[], read: readonly InittabEntry[]): {
  entries: SequencedEntry[];
  /** Those whose processes are to end. */
  ended: SequencedEntry[];
} {
  const known = new Map(before.map((one) => [one.entry.id, one]));
  const ended: SequencedEntry[] = [];
  const entries = read.map((entry): SequencedEntry => {
    const old = known.get(entry.id);
    known.delete(entry.id);
    const next = newEntry(entry);
    if (!old) return next;
    if (old.entry.action === entry.action && !old.isGone) {
      const { restsUntil: _, ...kept } = old;
      return { ...kept, entry, starts: [] };
    }
    next.state = old.state;
    if (old.state === "running") ended.push(next);
    return next;
  });
  for (const old of known.values()) {
    if (old.state === "idle") continue;
    if (old.state === "running") ended.push(old);
    old.isGone = true;
    entries.push(old);
  }
  return { entries, ended };
}
