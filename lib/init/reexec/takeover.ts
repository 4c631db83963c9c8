/** The taking over from another init of this process: what its state and its descriptors become. */

import { statSync } from "node:fs";
import type { RunningMain } from "../../engine/services/adoption.ts";
import { ifAllowed } from "../../sys/call/refused.ts";
import { close } from "../../sys/io/descriptors.ts";
import type { Messages } from "../logs/messages.ts";
import { descriptorsOf, type Part, type Parts } from "../parts/part.ts";
import type { RunningInit } from "../running.ts";
import type { SavedProgram } from "../saved_program.ts";
import type { HandedState } from "./state_file.ts";

/** The init whose place this one takes. */
export interface Predecessor {
  state: HandedState;
  /** The descriptors that the state has the numbers of. */
  descriptors: readonly number[];
  /** The signals that came while nobody could act on them. */
  noted(): number[];
}

/** Restores what can be restored, and logs what cannot. Returns false where the engine is not what it was. */
export async function restoreState(
  { program: saved, problem }: HandedState,
  program: Part<SavedProgram>,
  messages: Messages,
): Promise<boolean> {
  if (!saved) {
    messages.fault("the restart of init: its state is lost", problem);
    return false;
  }
  const lost = new Set<string>();
  await program.restore(saved, (part, error) => {
    lost.add(part);
    messages.fault(`the restart of init: what is known of its ${part} is lost`, error);
  });
  return !lost.has("engine") && !lost.has("init");
}

/** Descriptors that are handed over, each with what tells its file from a later one that has got the number. */
type HandedFiles = ReadonlyMap<number, string>;

/** The files of descriptors; of those alone that are open. To be called before any part is restored. */
export function filesOf(descriptors: readonly number[]): HandedFiles {
  return new Map(descriptors.flatMap((descriptor) => {
    const file = fileOf(descriptor);
    return file === undefined ? [] : [[descriptor, file]];
  }));
}

function fileOf(descriptor: number): string | undefined {
  return ifAllowed(() => {
    const { dev, ino } = statSync(`/proc/self/fd/${descriptor}`);
    return `${dev} ${ino}`;
  });
}

/**
 * Closes the files that no part goes on with: nobody waits for an answer, or for a reader, that will not come. A part may have
 * closed one by now, as that of a client who has gone, and another have opened a file of its own with that number.
 */
export function closeUnused<Saved>(handed: HandedFiles, parts: Parts<Saved>): void {
  const used = new Set(descriptorsOf(parts));
  for (const [descriptor, file] of handed) {
    if (!used.has(descriptor) && fileOf(descriptor) === file) close(descriptor);
  }
}

/** Goes on with the processes that run, where their jobs are all that is known. */
export function adopt(running: readonly RunningMain[], init: RunningInit, messages: Messages): void {
  init.pendingRequests.fail("Unable to tell what has become of this: init has lost what it was doing");
  for (const main of running) messages.attempt("the adoption of a process", () => init.adopt(main));
  const others = running.filter(({ pid }) => !init.owns(pid));
  const without = others.length > 0 ? `; these have no job: ${others.map(({ pid }) => pid).join(" ")}` : "";
  messages.log("error", `Init goes on with ${running.length - others.length} processes that run${without}`);
}
