/** The administrator's shell: in the runlevel S where no line is for that, and in an emergency. */

import type { InittabEntry } from "../../model/sysv/inittab.ts";
import { isFor, newEntry, rowOf, type SequencedEntry, type SequenceState } from "./sequence_state.ts";

/** The line for it: a shell for whoever knows root's password. */
const SULOGIN: InittabEntry = {
  // Longer than any ID of a file.
  id: "sulogin",
  levels: "S",
  action: "wait",
  process: "/sbin/sulogin",
  isRecorded: false,
  isDirect: false,
  file: "",
};

/** True for its line. */
export function isSulogin({ entry }: SequencedEntry): boolean {
  return entry.id === SULOGIN.id;
}

/** Adds it where no line is for the runlevel S. */
export function needSulogin(state: SequenceState): void {
  const isThere = state.entries.some((one) =>
    one.entry.process !== "" && rowOf(one).phase === "level" && isFor(one, "S")
  );
  if (!isThere) addSulogin(state);
}

/** Adds it, to be started next. */
export function addSulogin({ entries }: SequenceState): void {
  const shell = entries.find(isSulogin);
  if (shell) shell.isDue = true;
  else entries.push(newEntry(SULOGIN));
}

/** Takes it away again. */
export function removeSulogin(state: SequenceState): void {
  state.entries = state.entries.filter((one) => !isSulogin(one));
}
