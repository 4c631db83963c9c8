/** The ends of inittab's lines: processes that are asked to end get some time, and are killed then. */

import { perform, say, type SequenceRun } from "./sequence_io.ts";
import { rowOf, type SequencedEntry, type SequenceState } from "./sequence_state.ts";

/** How long a process that was killed is waited for, in ms: one that waits for a device does not end by SIGKILL. */
const LOST_AFTER = 2000;

/** Asks processes to end. @param sleepTime Their time for it, in seconds */
export function endLines(run: SequenceRun, ended: readonly SequencedEntry[], sleepTime: number): void {
  if (ended.length === 0) return;
  const { state } = run;
  say(run, "Sending processes configured via /etc/inittab the TERM signal");
  for (const one of ended) {
    one.state = "stopping";
    perform(run, { kind: "stop", id: one.entry.id });
  }
  const isFirst = state.ending === undefined;
  state.ending = "TERM";
  if (sleepTime === 0) killLines(run);
  // Those that wait already do not get more time than they had.
  else if (isFirst) perform(run, { kind: "timer", timer: "kill", delay: sleepTime * 1000 });
}

/** The time is over: kills what is to end, and the next time goes on without it. */
export function killLines(run: SequenceRun): void {
  const { state } = run, stopping = state.entries.filter((one) => one.state === "stopping");
  if (state.ending === "KILL") {
    for (const one of stopping) one.state = "lost";
    return;
  }
  if (stopping.length === 0) return;
  state.ending = "KILL";
  say(run, "Sending processes configured via /etc/inittab the KILL signal");
  for (const one of stopping) perform(run, { kind: "kill", id: one.entry.id });
  perform(run, { kind: "timer", timer: "kill", delay: LOST_AFTER });
}

/** A process has ended. Its line goes where inittab has none such any more. */
export function lineEnded(state: SequenceState, id: string): void {
  const one = state.entries.find(({ entry }) => entry.id === id);
  if (!one || one.state === "idle") return;
  markEnded(one);
  if (one.isGone) state.entries = state.entries.filter((other) => other !== one);
}

/** Notes that the process of a line has ended. */
export function markEnded(one: SequencedEntry): void {
  one.state = "idle";
  if (!rowOf(one).respawns) one.isAsked = false;
}
