/** A virtual clock: the time of a simulation, its timers, and the inputs that are scheduled. */

import type { Input, Time } from "../effects.ts";

/** An input that comes when its time has come. */
interface ScheduledInput {
  /** The virtual time, in ms. */
  at: number;
  input: Input;
}

/** What the wall clock shows when a simulation begins. */
const WALL_START = Date.UTC(2026, 0, 1);

/** The time of a simulation. It moves only when {@link VirtualClock.takeDue} is called. */
export class VirtualClock {
  /** The virtual time, in ms; it begins with 0. */
  now = 0;
  readonly #timers = new Set<number>();
  /** By time; inputs of one time in the order in which they were scheduled. */
  readonly #scheduled: ScheduledInput[] = [];

  /** The virtual time by both clocks; that of day begins with the year 2026. */
  get time(): Time {
    return { monotonic: this.now, wall: WALL_START + this.now };
  }

  /** How many timers are set. */
  get timers(): number {
    return this.#timers.size;
  }

  /** Sets a timer (ms). It takes a millisecond at least, so that jobs in a loop let time go by. */
  setTimer(timer: number, delay: number): void {
    this.#timers.add(timer);
    this.schedule({ kind: "timer", timer }, Math.max(delay, 1));
  }

  clearTimer(timer: number): void {
    this.#timers.delete(timer);
  }

  /** Schedules an input; `delay` in ms. */
  schedule(input: Input, delay: number): void {
    const at = this.now + delay;
    const index = this.#scheduled.findLastIndex((other) => other.at <= at) + 1;
    this.#scheduled.splice(index, 0, { at, input });
  }

  /** Moves the time to the next scheduled input and takes that; to `end` and undefined when there is none until then. */
  takeDue(end: number): Input | undefined {
    for (let next = this.#scheduled[0]; next && next.at <= end; next = this.#scheduled[0]) {
      this.#scheduled.shift();
      this.now = Math.max(this.now, next.at);
      const { input } = next;
      // A timer that has been cleared is still scheduled.
      if (input.kind !== "timer" || this.#timers.delete(input.timer)) return input;
    }
    this.now = end;
    return undefined;
  }
}
