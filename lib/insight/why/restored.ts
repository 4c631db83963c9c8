/** The engine's state as a snapshot has it, to be looked at: nothing goes on in it. */

import type { Time } from "../../engine/effects.ts";
import { EngineState } from "../../engine/engine_state.ts";
import { restoreEngine } from "../../engine/snapshot/restore.ts";
import { checkSnapshot } from "../../engine/snapshot/schema.ts";
import { environment } from "../../model/environment.ts";

/**
 * The state that a snapshot holds.
 * @param now The moment of the saving; the snapshot's own, if absent.
 * @throws {TypeError} when it is no snapshot, or one of another version, with the place of what is wrong.
 */
export function restoredEngine(snapshot: unknown, now?: Time): EngineState {
  checkSnapshot(snapshot);
  const { originalDefaults, initEnvironment } = snapshot;
  const engine = new EngineState(environment(originalDefaults), environment(initEnvironment));
  restoreEngine(engine, snapshot, now ?? snapshot.now);
  return engine;
}
