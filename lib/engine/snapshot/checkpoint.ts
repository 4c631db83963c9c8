/**
 * A checkpoint of an engine: a snapshot, and the inputs that have come since. The engine is pure, so it can be made anew from
 * them as it was before any input, such as one that it has failed at halfway.
 */

import type { Input, Time } from "../effects.ts";
import { Engine } from "../engine.ts";
import type { EngineSnapshot } from "./engine_snapshot.ts";

/**
 * So many inputs are kept for each job, and in all at least, before another snapshot is made. That takes as long as some
 * inputs for each job do.
 */
const INPUTS_PER_JOB = 4, FEWEST_INPUTS = 1000;

/** A checkpoint. */
export class Checkpoint {
  #snapshot: EngineSnapshot | undefined;
  #inputs: Array<[input: Input, now: Time]> = [];

  /** To be called with each input, before the engine handles it. */
  note(engine: Engine, input: Input, now: Time): void {
    const most = Math.max(FEWEST_INPUTS, INPUTS_PER_JOB * engine.jobs.size);
    // Where the engine cannot be saved, that is undone as a failure at this input, and at no other.
    this.#inputs.push([input, now]);
    if (this.#snapshot && this.#inputs.length <= most) return;
    this.#snapshot = engine.save(now);
    this.#inputs = [[input, now]];
  }

  /** To be called when the engine has been changed by something else than an input. */
  forget(): void {
    this.#snapshot = undefined;
    this.#inputs = [];
  }

  /**
   * The engine as it was before the last input that was noted, which is none from now on.
   *
   * @throws {Error} when nothing was noted since the engine was changed otherwise.
   */
  undo(): Engine {
    this.#inputs.pop();
    return this.rebuild();
  }

  /** The engine as it is by the inputs alone. @throws {Error} as {@link undo}. */
  rebuild(): Engine {
    const snapshot = this.#snapshot;
    if (!snapshot) throw new Error("there is no checkpoint of the engine");
    const engine = Engine.restore(snapshot, snapshot.now);
    for (const [input, now] of this.#inputs) engine.handle(input, now);
    return engine;
  }
}
