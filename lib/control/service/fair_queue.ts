/** A queue of work for untrusted clients, done in slices of time so that all of them together hold up nobody else. */

/** How long work is done before init sees to others, in ms. */
const SLICE = 2;

/** Pieces of work, done in the order in which they were added. */
export class FairQueue {
  readonly #waiting: Array<() => void> = [];
  #isScheduled = false;

  /** Adds a piece of work, which should be a small one. */
  add(work: () => void): void {
    this.#waiting.push(work);
    this.#schedule();
  }

  #schedule(): void {
    if (this.#isScheduled || this.#waiting.length === 0) return;
    this.#isScheduled = true;
    setImmediate(() => {
      this.#isScheduled = false;
      const end = performance.now() + SLICE;
      for (let work; performance.now() < end && (work = this.#waiting.shift());) work();
      this.#schedule();
    });
  }
}
