/**
 * A queue of work for clients that need not mean well: accepting them, reading what they send, and answering it. It is done in
 * slices of time with rests between them, so that all of them together take a part of the time and hold up nobody else.
 */

/** How long work is done before init sees to others, in ms. */
const SLICE = 2;

/** The rest after a slice is so many times as long as the slice was. */
const REST = 1;

/** Pieces of work, done in the order in which they were added. */
export class FairQueue {
  #waiting: Array<() => void> = [];
  #isScheduled = false;
  /** Until when there is no work, by performance.now(). */
  #rest = 0;

  /** Adds a piece of work, which should be a small one. */
  add(work: () => void): void {
    this.#waiting.push(work);
    this.#schedule();
  }

  #schedule(): void {
    if (this.#isScheduled || this.#waiting.length === 0) return;
    this.#isScheduled = true;
    const rest = this.#rest - performance.now();
    // Timers are not finer than a millisecond.
    if (rest > 0.5) setTimeout(() => this.#work(), rest);
    else setImmediate(() => this.#work());
  }

  #work(): void {
    this.#isScheduled = false;
    const begin = performance.now(), end = begin + SLICE;
    let now = begin, done = 0;
    try {
      while (done < this.#waiting.length && now < end) {
        this.#waiting[done++]!();
        now = performance.now();
      }
    } finally {
      this.#waiting.splice(0, done);
      // Those who ask for little need not wait.
      this.#rest = now < end ? now : now + REST * (now - begin);
      this.#schedule();
    }
  }
}

let made: FairQueue | undefined;

/** The queue of all clients that need not mean well, made when it is first used. */
export function fairQueue(): FairQueue {
  return made ??= new FairQueue();
}
