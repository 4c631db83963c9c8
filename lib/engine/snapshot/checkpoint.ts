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
const INPUTS_PER_JOB = 12, FEWEST_INPUTS = 1000;

/** A checkpoint. */
export class Checkpoint {
  #snapshot: EngineSnapshot | undefined;
  #inputs: Input[] = [];
  /** Two numbers for each input: when it came. Objects would be looked through again and again by the garbage collector. */
  #times: number[] = [];

  /** To be called with each input, before the engine handles it. */
  note(engine: Engine, input: Input, now: Time): void {
    const most = Math.max(FEWEST_INPUTS, INPUTS_PER_JOB * engine.jobs.size);
    // Where the engine cannot be saved, that is undone as a failure at this input, and at no other.
    this.#push(input, now);
    if (this.#snapshot && this.#inputs.length <= most) return;
    this.#snapshot = engine.save(now);
    this.#clear();
    this.#push(input, now);
  }

  #push(input: Input, { monotonic, wall }: Time): void {
    this.#inputs.push(input);
    this.#times.push(monotonic, wall);
  }

  #clear(): void {
    this.#inputs = [];
    this.#times = [];
  }

  /** To be called when the engine has been changed by something else than an input. */
  forget(): void {
    this.#snapshot = undefined;
    this.#clear();
  }

  /**
   * The engine as it was before the last input that was noted, which is none from now on.
   *
   * @throws {Error} when nothing was noted since the engine was changed otherwise.
   */
  undo(): Engine {
    this.#inputs.pop();
    this.#times.length = 2 * this.#inputs.length;
    return this.rebuild();
  }

  /** The engine as it is by the inputs alone. @throws {Error} as {@link undo}. */
  rebuild(): Engine {
    const snapshot = this.#snapshot;
    if (!snapshot) throw new Error("there is no checkpoint of the engine");
    const engine = Engine.restore(snapshot, snapshot.now);
    for (const [index, input] of this.#inputs.entries()) {
      engine.handle(input, { monotonic: this.#times[2 * index]!, wall: this.#times[2 * index + 1]! });
    }
    return engine;
  }
}
