/** A timer for deadlines of what is read from descriptors: it fires after what has come in time. */

/**
 * A timer that fires so late (ms) tells that this process was held up: stopped, or with its whole machine. What came in
 * time may not have been read yet then, and gets so much time (ms) to be; again, so many times at most, when the process
 * is held up in that time, too.
 */
const HELD_UP = 50, TIME_TO_READ = 100, MOST_TIMES = 5;

/** The longest delay of the runtimes' timers, in ms. With a longer one they would fire at once. */
export const LONGEST_DELAY = 2 ** 31 - 1;

/** A timer that runs. */
export class PatientTimer {
  /** When its time is over, on the clock of `performance.now()`. */
  readonly at: number;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /**
   * @param delay In ms; as long as one likes.
   * @param onOver Called when its time is over, unless it is cancelled.
   */
  constructor(delay: number, onOver: () => void) {
    this.at = performance.now() + delay;
    this.#wait(delay, onOver, MOST_TIMES);
  }

  #wait(delay: number, onOver: () => void, times: number): void {
    const step = Math.min(delay, LONGEST_DELAY), due = performance.now() + step;
    this.#timer = setTimeout(() => {
      if (step < delay) return this.#wait(delay - step, onOver, times);
      const isLate = performance.now() - due > HELD_UP;
      if (isLate && times > 0) this.#wait(TIME_TO_READ, onOver, times - 1);
      else onOver();
    }, step);
  }

  cancel(): void {
    clearTimeout(this.#timer);
  }
}
