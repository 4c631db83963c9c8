/** The clock: virtual time, and the queue of what is to happen in it. */

/** Something that is to happen. */
export interface Alarm {
  readonly time: number;
  readonly number: number;
  readonly act: () => void;
  isCancelled: boolean;
}

/**
 * The clock's resolution, in ms: a power of two, so that sums and differences of times are exact, and do not depend on the
 * order in which they were added.
 */
const RESOLUTION = 1 / 2048;

/** The clock. Times are in ms since the simulation began. */
export class Clock {
  #now = 0;
  /** By how much the wall clock is ahead, in ms. */
  wallOffset = Date.UTC(2026, 0, 1);
  #count = 0;
  /** A binary heap, the next alarm first. */
  readonly #alarms: Alarm[] = [];

  get now(): number {
    return this.#now;
  }

  /** Time passes while a program runs. */
  tick(): void {
    this.#now += RESOLUTION;
  }

  /** The time is later now. */
  advance(time: number): void {
    this.#now = Math.max(this.#now, Math.ceil(time / RESOLUTION) * RESOLUTION);
  }

  /** The time since 1970, in whole ms. */
  get wall(): number {
    return Math.floor(this.now + this.wallOffset);
  }

  /** Has something happen after a delay. What is set earlier for the same time happens earlier. */
  after(delay: number, act: () => void): Alarm {
    const time = this.now + Math.ceil(Math.max(0, delay) / RESOLUTION) * RESOLUTION;
    const alarm = { time, number: this.#count++, act, isCancelled: false };
    this.#rise(this.#alarms.push(alarm) - 1);
    return alarm;
  }

  /** When the next alarm is; undefined where there is none. */
  get next(): number | undefined {
    while (this.#alarms[0]?.isCancelled) this.#take();
    return this.#alarms[0]?.time;
  }

  /** Takes the next alarm, whose time it is then. */
  take(): Alarm | undefined {
    if (this.next === undefined) return undefined;
    const alarm = this.#take();
    this.advance(alarm.time);
    return alarm;
  }

  #take(): Alarm {
    const first = this.#alarms[0]!, last = this.#alarms.pop()!;
    if (this.#alarms.length > 0) {
      this.#alarms[0] = last;
      this.#sink(0);
    }
    return first;
  }

  #rise(place: number): void {
    for (let parent; place > 0 && this.#isBefore(place, parent = (place - 1) >> 1); place = parent) {
      this.#swap(place, parent);
    }
  }

  #sink(place: number): void {
    for (;;) {
      let least = place;
      for (const child of [2 * place + 1, 2 * place + 2]) {
        if (child < this.#alarms.length && this.#isBefore(child, least)) least = child;
      }
      if (least === place) return;
      this.#swap(place, least);
      place = least;
    }
  }

  #isBefore(one: number, other: number): boolean {
    const first = this.#alarms[one]!, second = this.#alarms[other]!;
    return first.time < second.time || first.time === second.time && first.number < second.number;
  }

  #swap(one: number, other: number): void {
    [this.#alarms[one], this.#alarms[other]] = [this.#alarms[other]!, this.#alarms[one]!];
  }
}
