/** Who waits for more of something, and is told soon, once for all that has come meanwhile. */

/** The listeners that wait. Without any, it costs nothing to wake them. */
export class Wakeups {
  readonly #listeners = new Set<() => void>();
  #isScheduled = false;

  /** @param attempt Calls a listener. It must not throw. */
  constructor(private readonly attempt: (listener: () => void) => void) {}

  /** Calls a listener whenever there is more, until the function returned is called. */
  add(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** There is more. */
  wake(): void {
    if (this.#listeners.size === 0 || this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(() => {
      this.#isScheduled = false;
      for (const listener of [...this.#listeners]) this.attempt(listener);
    });
  }
}
