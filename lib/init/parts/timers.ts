/** The engine's timers, run by the runtime. */

import type { Part } from "./part.ts";

/** The longest delay of the runtimes' timers, in ms. With a longer one they would fire at once. */
export const LONGEST_DELAY = 2 ** 31 - 1;

/**
 * A timer that fires so late (ms) tells that init was held up: stopped, or with its whole machine. What has happened
 * meanwhile waits to be read then, such as signs of life, and gets so much time (ms) to come first.
 */
const HELD_UP = 50, TIME_TO_READ = 100;

/** What is saved of {@link Timers}. */
export interface SavedTimers {
  /** Timers with the rest of their delays, in ms. */
  running: Array<[timer: number, delay: number]>;
  due: number[];
}

/** A timer with a delay; `at`: when it fires, in ms. */
interface RunningTimer {
  handle: ReturnType<typeof setTimeout>;
  at: number;
}

/** The timers that are set, by the engine's numbers. */
export class Timers implements Part<SavedTimers> {
  readonly #running = new Map<number, RunningTimer>();
  /** Timers without a delay. The engine ignores those that it has cleared. */
  readonly #due: number[] = [];

  /** @param onFired Called when a timer with a delay fires. */
  constructor(private readonly onFired: (timer: number) => void) {}

  /** True while there are timers without a delay. */
  get hasDue(): boolean {
    return this.#due.length > 0;
  }

  /** Takes the first timer that was set without a delay. Undefined when there is none. */
  takeDue(): number | undefined {
    return this.#due.shift();
  }

  /** @param delay In ms. */
  set(timer: number, delay: number): void {
    if (delay === 0) return void this.#due.push(timer);
    this.#run(timer, delay, (late) => {
      if (late > HELD_UP) this.#run(timer, TIME_TO_READ, () => this.#fire(timer));
      else this.#fire(timer);
    });
  }

  /** Has a timer run. The function is told how late it is, in ms. */
  #run(timer: number, delay: number, onDone: (late: number) => void): void {
    const at = performance.now() + delay;
    const handle = setTimeout(() => onDone(performance.now() - at), Math.min(delay, LONGEST_DELAY));
    this.#running.set(timer, { handle, at });
  }

  #fire(timer: number): void {
    this.#running.delete(timer);
    this.onFired(timer);
  }

  clear(timer: number): void {
    clearTimeout(this.#running.get(timer)?.handle);
    this.#running.delete(timer);
  }

  save(): SavedTimers {
    const now = performance.now();
    const rest = ({ at }: RunningTimer) => Math.max(1, at - now);
    return { running: Array.from(this.#running, ([timer, one]) => [timer, rest(one)]), due: [...this.#due] };
  }

  restore({ running, due }: SavedTimers): void {
    for (const [timer, delay] of running) this.set(timer, delay);
    this.#due.push(...due);
  }
}
