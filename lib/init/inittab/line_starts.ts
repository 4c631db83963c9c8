/** The starts of inittab's lines: which is due in the present phase and runlevel, which rests since it was started too often. */

import { countStart, forgetStarts, REST_TIME, rests } from "./respawn_rate.ts";
import { perform, say, type SequenceRun } from "./sequence_io.ts";
import { isFor, rowOf, type SequencedEntry, type SequenceState } from "./sequence_state.ts";
import { isSulogin } from "./sulogin.ts";

/** Starts what keys and the power supply have asked for: at once, whoever else is waited for. */
export function startTriggered(run: SequenceRun): void {
  const { entries, level } = run.state;
  for (const one of entries) {
    if (rowOf(one).phase !== "trigger") continue;
    if (one.isDue && one.state === "idle" && isFor(one, level)) start(run, one);
    if (rowOf(one).waits && one.state === "running") return;
  }
}

/** Starts what is due, in the order of the lines. True when one of them has to end before it goes on. */
export function startDue(run: SequenceRun): boolean {
  for (const one of run.state.entries) {
    if (!isHere(one, run.state)) continue;
    if (one.isDue && one.state === "idle") start(run, one);
    if (rowOf(one).waits && one.state === "running") return true;
  }
  return false;
}

/** True for a line of the present phase, and of the present runlevel. */
function isHere(one: SequencedEntry, { phase, level }: SequenceState): boolean {
  const row = rowOf(one);
  if (isSulogin(one)) {
    return phase === "emergency" || level === "S" && (phase === "single" || phase === "level");
  }
  if (one.entry.process === "" || one.isGone) return false;
  if (phase === "sysinit" || phase === "boot") return row.phase === phase;
  if (phase === "emergency" || row.phase !== "level" && row.phase !== "demand") return false;
  return one.isAsked || row.phase === "level" && isFor(one, level);
}

function start(run: SequenceRun, one: SequencedEntry): void {
  const { respawns } = rowOf(one), { state } = run;
  if (respawns && !mayStart(run, one)) return;
  if (!respawns) one.isDue = false;
  one.state = "running";
  state.isEmptyTold = false;
  perform(run, { kind: "start", entry: one.entry, level: state.level, previous: state.previous });
}

/** Counts a start. False when there were too many of late: the line rests. */
function mayStart(run: SequenceRun, one: SequencedEntry): boolean {
  if (rests(one, run.now)) return false;
  if (countStart(one, run.now)) return true;
  say(run, `Id "${one.entry.id}" respawning too fast: disabled for ${REST_TIME / 60_000} minutes`);
  setRestTimer(run);
  return false;
}

/** True when a line of the present runlevel rests. */
export function hasRests({ state, now }: SequenceRun): boolean {
  return state.entries.some((one) => rests(one, now) && isHere(one, state));
}

/** Lets all that rest be started again. */
export function endRests({ entries }: SequenceState): void {
  for (const one of entries) forgetStarts(one);
}

/** Sets the timer to when the first of those that rest has done so. */
export function setRestTimer(run: SequenceRun): void {
  const { state: { entries }, now } = run;
  const ends = entries.filter((one) => rests(one, now)).map(({ restsUntil }) => restsUntil!);
  if (ends.length === 0) return perform(run, { kind: "timer", timer: "rest" });
  perform(run, { kind: "timer", timer: "rest", delay: Math.min(...ends) - now });
}
