/** The measurement of the event loop's delay: how late it comes to a timer. It rests while nothing happens. */

/** How often the delay is measured while something happens, in ms. */
const INTERVAL = 500;

/** Measures the delay as long as it is told that something happens. An idle init is not woken by it. */
export class LoopDelay {
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** True: something has happened since the timer was set. */
  #isBusy = false;

  /** @param report Called with each delay, in seconds. */
  constructor(private readonly report: (delay: number) => void) {}

  /** To be called whenever something happens: the delay is measured once more, `INTERVAL` later. */
  busy(): void {
    this.#isBusy = true;
    if (this.#timer === undefined) this.#measure();
  }

  close(): void {
    clearTimeout(this.#timer);
  }

  #measure(): void {
    this.#isBusy = false;
    const due = performance.now() + INTERVAL;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.report(Math.max(0, performance.now() - due) / 1000);
      if (this.#isBusy) this.#measure();
    }, INTERVAL);
  }
}
