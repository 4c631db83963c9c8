/** The notes on instances that `status` shows: what they wait for, and what is not as their definition says. */

import type { Instance } from "../instance.ts";

/** The first of these that is about an instance is its note. What it tells of itself stands behind. */
const NOTES: ReadonlyArray<(instance: Instance, now: number) => string | undefined> = [
  delayNote,
  ({ checks }) => checks.note,
  leftoversNote,
  forksNote,
];

/** The note on an instance; empty when there is nothing to say. `now` in ms, by the clock of the engine's inputs. */
export function noteOf(instance: Instance, now: number): string {
  let first: string | undefined;
  for (const note of NOTES) first ??= note(instance, now);
  return [first, instance.report.note].filter(Boolean).join("; ");
}

/** Why an instance is not up, as the end of a sentence about it; undefined when that has to be seen. */
export function whyNotUp(instance: Instance, now: number): string | undefined {
  const { unready } = instance.checks;
  return delayNote(instance, now) ?? (unready && `is not ready: ${unready}`);
}

/** A length of time (ms) in a sentence: tenths of a second count below ten seconds. */
export function inSeconds(time: number): string {
  const seconds = time / 1000;
  return `${seconds < 9.95 ? Number(seconds.toFixed(1)) : Math.round(seconds)} s`;
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? "" : "s"}`;
}

function delayNote({ timers, failures, respawns, setback }: Instance, now: number): string | undefined {
  const delay = timers.get("start-delay");
  if (!delay) return undefined;
  const after = counted(Math.max(failures, respawns), "failure");
  const why = setback ? `: ${setback.reason}` : "";
  return `respawns in ${inSeconds(Math.max(0, delay.deadline - now))}, after ${after}${why}`;
}

function leftoversNote({ leftovers }: Instance): string | undefined {
  return leftovers && "waits for the end of what its main process has left behind";
}

/** For a job with fewer or more forks than `expect` says. */
function forksNote({ forks, expectedForks, state, pids, job }: Instance): string | undefined {
  if (state === "spawned" || expectedForks === 0 || forks === expectedForks || !pids.has("main")) {
    return undefined;
  }
  return `expect ${job.definition.expect}: ${counted(expectedForks, "fork")} expected, ${
    forks || "none"
  } seen`;
}
