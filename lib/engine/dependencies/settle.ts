/** The settling of dependencies, between events: those whom they held go on, and level conditions are looked at. */

import type { EngineState } from "../engine_state.ts";
import { advance } from "../lifecycle.ts";
import { breakDeadlock } from "./deadlocks.ts";
import { checkLevels } from "./levels.ts";
import { isHeld } from "./phases.ts";
import { graphOf } from "./waits.ts";

/**
 * Lets all go on that dependencies do not hold any more, as far as one input may do so much.
 *
 * - `done`: there is nothing to do.
 * - `changed`: events may have to be dispatched, and it has to be called again.
 * - `later`: a timer of 0 ms goes on with the rest.
 */
export function settleDependencies(engine: EngineState): "done" | "changed" | "later" {
  const graph = graphOf(engine);
  const { pending, levels } = engine.dependencies;
  if (pending.size + levels.size === 0) return breakDeadlock(engine) ? "changed" : "done";
  for (const instance of pending) {
    if (!engine.mayGoOn) return later(engine);
    pending.delete(instance);
    if (!isHeld(instance)) continue;
    const { name } = instance.job;
    engine.dependenciesSeen += 1 + graph.edgesOf(name).length + graph.edgesTo(name).size;
    advance(engine, instance);
  }
  for (const job of levels) {
    if (!engine.mayGoOn) return later(engine);
    levels.delete(job);
    engine.dependenciesSeen++;
    checkLevels(engine, job);
  }
  return "changed";
}

function later(engine: EngineState): "later" {
  engine.dispatchLater();
  return "later";
}
