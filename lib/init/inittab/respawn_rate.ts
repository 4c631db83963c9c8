/** Lines of inittab that are started again too fast, and so rest for a while (inittab(5), respawn). */

import type { SequencedEntry } from "./sequence_state.ts";

/** More starts than this within this time (ms) are too fast. */
const MAX_STARTS = 10, START_TIME = 120_000;

/** How long a line rests then, in ms. */
export const REST_TIME = 300_000;

/** True for a line that rests. @param now The time, as {@link countStart} was told it */
export function rests({ restsUntil }: SequencedEntry, now: number): boolean {
  return restsUntil !== undefined && restsUntil > now;
}

/** Counts a start. False when there were too many of late: the line rests. */
export function countStart(one: SequencedEntry, now: number): boolean {
  one.starts = one.starts.filter((time) => time > now - START_TIME);
  if (one.starts.length < MAX_STARTS) {
    one.starts.push(now);
    return true;
  }
  one.starts = [];
  one.restsUntil = now + REST_TIME;
  return false;
}

/** Ends the rest of a line, and forgets its starts. */
export function forgetStarts(one: SequencedEntry): void {
  one.starts = [];
  delete one.restsUntil;
}
