/** What an instance waits for by its dependencies, in words for `status`. */

import type { EngineState } from "../engine_state.ts";
import type { Instance } from "../instance.ts";
import { whyNotUp } from "../waiting/notes.ts";
import { isAboutCompletion, isHeld, isHeldInStop } from "./phases.ts";
import { type StartWait, startWaits, stopWaits } from "./waits.ts";

/** So many names stand in a note. */
const MOST_NAMES = 5;

/** What an instance waits for, each as `redis`, `migrate to complete` or `api to stop`. */
export function waitsInWords(engine: EngineState, instance: Instance): string[] {
  if (!isHeld(instance)) return [];
  if (isHeldInStop(instance)) {
    return Array.from(
      stopWaits(engine, instance),
      ({ instance: dependant }) => `${dependant.displayName} to stop`,
    );
  }
  return instance.goal === "stop" ? [] : Array.from(startWaits(engine, instance), inWords);
}

function inWords({ edge, target }: StartWait): string {
  if (!edge) return `${target!.name} to stop`;
  if (!target) return edge.name;
  const name = edge.name === target.name ? edge.name : `${edge.name} (${target.name})`;
  if (target.instances.size === 0) return `${name}, which is stopped`;
  return isAboutCompletion(edge, target) ? `${name} to complete` : name;
}

/** So many jobs that each wait for the next are named. */
const LONGEST_CHAIN = 5;

/**
 * The note of an instance that waits: `waits for redis, migrate to complete`; empty for one that does not. When it waits for
 * one job alone, it says why that is not there: `waits for api, which waits for redis, which is stopped`.
 */
export function waitNote(engine: EngineState, instance: Instance, now: number, depth = 1): string {
  const waits = waitsInWords(engine, instance);
  if (waits.length === 0) return "";
  if (waits.length === 1 && depth < LONGEST_CHAIN) {
    return `waits for ${waits[0]}${whyWaiting(engine, instance, now, depth)}`;
  }
  const named = waits.slice(0, MOST_NAMES), more = waits.length - named.length;
  return `waits for ${named.join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
}

/** Why the one job that an instance waits for is not there, as the rest of its note; empty when it is on its way. */
function whyWaiting(engine: EngineState, instance: Instance, now: number, depth: number): string {
  if (instance.state !== "starting") return "";
  for (const { target } of startWaits(engine, instance)) {
    const [first] = target?.instances.values() ?? [];
    const why = first && (waitNote(engine, first, now, depth + 1) || whyNotUp(first, now));
    if (why) return `, which ${why}`;
  }
  return "";
}
