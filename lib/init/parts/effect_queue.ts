/** The queue of the engine's effects, performed in order and in slices of time. */

import type { Effect } from "../../engine/effects.ts";
import type { Notice } from "../../model/requests.ts";
import type { Part } from "./part.ts";

/** How long effects are performed before other work gets its turn, in ms; and how many between two looks at the clock. */
const SLICE = 10, EFFECTS_PER_CLOCK_CHECK = 16;

/** What is performed: the engine's effects, and among them the notices of what it knows nothing of. */
export type Performed = Effect | { kind: "notice"; notice: Notice };

/** What is saved of {@link EffectQueue}. */
export type SavedEffects = Performed[];

/** The effects that are still to be performed. */
export class EffectQueue implements Part<SavedEffects> {
  readonly #effects: Performed[] = [];
  #isRunning = false;
  /** The next slice is scheduled. */
  #isScheduled = false;

  /**
   * @param perform Performs one effect. It must not throw.
   * @param findMore Called when the queue is empty: looks for work that would not come by itself. It returns false when
   * only something from outside can bring more. It must not throw.
   */
  constructor(
    private readonly perform: (effect: Performed) => void,
    private readonly findMore: () => boolean,
  ) {}

  /** True when nothing is left to be performed. */
  get isEmpty(): boolean {
    return this.#effects.length === 0;
  }

  /** Adds effects, and performs all that there are; what does not fit into one slice follows in the next. */
  add(effects: Iterable<Performed>): void {
    for (const effect of effects) this.#effects.push(effect);
    this.#run();
  }

  /** The effects that are not performed yet. */
  save(): SavedEffects {
    return [...this.#effects];
  }

  /** Performs them soon, when the other parts are restored. */
  restore(effects: SavedEffects): void {
    this.#effects.push(...effects);
    if (effects.length > 0) this.#runLater();
  }

  #run(): void {
    if (this.#isRunning || this.#isScheduled) return;
    this.#isRunning = true;
    const end = performance.now() + SLICE;
    let hasMore = true;
    while (hasMore && performance.now() <= end) {
      let done = 0;
      while (
        done < this.#effects.length && (done % EFFECTS_PER_CLOCK_CHECK > 0 || performance.now() <= end)
      ) {
        this.perform(this.#effects[done++]!);
      }
      this.#effects.splice(0, done);
      hasMore = this.#effects.length > 0 || this.findMore();
    }
    this.#isRunning = false;
    if (hasMore) this.#runLater();
  }

  #runLater(): void {
    this.#isScheduled = true;
    setImmediate(() => {
      this.#isScheduled = false;
      this.#run();
    });
  }
}
