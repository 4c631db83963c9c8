/** The taking over from another init of this process: what its state and its descriptors become. */

import type { RunningMain } from "../../engine/services/adoption.ts";
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

/** Closes the descriptors that no part goes on with: nobody waits for an answer, or for a reader, that will not come. */
export function closeUnused(descriptors: readonly number[], parts: Parts<SavedProgram>): void {
  const used = new Set(descriptorsOf(parts));
  for (const descriptor of descriptors) if (!used.has(descriptor)) close(descriptor);
}

/** Goes on with the processes that run, where their jobs are all that is known. */
export function adopt(running: readonly RunningMain[], init: RunningInit, messages: Messages): void {
  for (const main of running) init.handle({ kind: "adopt", ...main });
  const others = running.filter(({ pid }) => !init.owns(pid));
  const without = others.length > 0 ? `; these have no job: ${others.map(({ pid }) => pid).join(" ")}` : "";
  messages.log("error", `Init goes on with ${running.length - others.length} processes that run${without}`);
}
