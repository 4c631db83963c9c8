/** The engine's timers, run by the runtime. */

import { PatientTimer } from "../../sys/io/patient_timer.ts";
import type { Part } from "./part.ts";

/** What is saved of {@link Timers}. */
export interface SavedTimers {
  /** Timers with the rest of their delays, in ms. */
  running: Array<[timer: number, delay: number]>;
  due: number[];
}

/** The timers that are set, by the engine's numbers. */
export class Timers implements Part<SavedTimers> {
  readonly #running = new Map<number, PatientTimer>();
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
    const fire = () => {
      this.#running.delete(timer);
      this.onFired(timer);
    };
    // What has come while init was held up goes first: signs of life, ends of processes.
    this.#running.set(timer, new PatientTimer(delay, fire));
  }

  clear(timer: number): void {
    this.#running.get(timer)?.cancel();
    this.#running.delete(timer);
  }

  save(): SavedTimers {
    const now = performance.now();
    const rest = ({ at }: PatientTimer) => Math.max(1, at - now);
    return { running: Array.from(this.#running, ([timer, one]) => [timer, rest(one)]), due: [...this.#due] };
  }

  restore({ running, due }: SavedTimers): void {
    for (const [timer, delay] of running) this.set(timer, delay);
    this.#due.push(...due);
  }
}
