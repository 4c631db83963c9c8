/**
 * A throttled poller, for descriptors that are written to in small pieces, such as the output of jobs. Reading each piece
 * as it comes would cost more than all else, so the more time reading takes, the longer data is left to gather. Data that
 * comes in quantity is read as fast as it comes, because its writer waits.
 */

import { Epoll } from "./epoll.ts";
import { poller } from "./poller.ts";
import { unlessRefused } from "../call/refused.ts";

/** Reads what there is, and gives the number of bytes. */
export type Reading = () => number;

const EVENTS_AT_ONCE = 256;

/** How long descriptors are left alone after reading. */
interface Rest {
  /** How many times as long as reading took, at most. */
  times: number;
  /** The upper limit in ms: people would notice longer ones. */
  longest: number;
}

/** Reading takes a twentieth of a processor's time at most, unless a terminal's buffer would be full before the rest ends. */
const REST: Rest = { times: 19, longest: 30 };
/** The shortest rest that is worth a timer, in ms. */
const SHORTEST_REST = 2;
/** How much data gathers at one descriptor, in bytes. A terminal's buffer is not much larger; when full, its writer waits. */
const ENOUGH = 3000;
/** The half-life of the amount of data that a descriptor had recently, in ms. */
const MEMORY = 20;
/** How long to go on reading data that comes too fast for a rest, in ms, before the event loop goes on. */
const TURN = 4;

/** A watched descriptor. */
interface Watched {
  reading: Reading;
  /** How much was read recently, in bytes, see {@link MEMORY}. */
  recent: number;
  /** When it was read last, in ms. */
  looked: number;
}

/** The poller: an epoll instance that is itself watched by {@link poller}. One per process, see {@link throttledPoller}. */
export class ThrottledPoller {
  readonly #watched = new Map<number, Watched>();
  readonly #epoll = new Epoll(EVENTS_AT_ONCE);
  readonly #look = () => this.#turn();
  #isWatched = false;
  #resting: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly rest: Rest = REST) {}

  /**
   * Calls a function to read the descriptor whenever there is data, or the end, until {@link unwatch}.
   * @throws {SystemError} when the descriptor cannot be waited for.
   */
  watch(fd: number, reading: Reading): void {
    this.#epoll.add(fd);
    this.#watched.set(fd, { reading, recent: 0, looked: 0 });
    try {
      if (this.#resting === undefined) this.#watch(true);
    } catch (error) {
      this.unwatch(fd);
      throw error;
    }
  }

  /** Ends {@link watch}. Call this before you close the descriptor. */
  unwatch(fd: number): void {
    if (!this.#watched.delete(fd)) return;
    this.#epoll.remove(fd);
    if (this.#watched.size > 0) return;
    clearTimeout(this.#resting);
    this.#resting = undefined;
    this.#watch(false);
  }

  #watch(wanted: boolean): void {
    if (wanted && !this.#isWatched) poller().watch(this.#epoll.descriptor, this.#look);
    if (!wanted && this.#isWatched) poller().unwatch(this.#epoll.descriptor);
    this.#isWatched = wanted;
  }

  /** Reads until there is no more, or until it is better to let data gather. */
  #turn(): void {
    const end = performance.now() + TURN;
    for (let before = end - TURN, time; before < end; before = time) {
      const most = this.#round(before);
      if (most === 0) return;
      time = performance.now();
      const { times, longest } = this.rest;
      const rest = Math.min(times * (time - before), longest * Math.min(1, ENOUGH / most));
      if (rest >= SHORTEST_REST) return this.#rest(rest);
    }
  }

  /** Reads all descriptors that are ready, once. Gives the largest amount that one of them had recently, in bytes. */
  #round(time: number): number {
    let most = 0;
    for (const fd of this.#epoll.wait(0)) {
      const watched = this.#watched.get(fd);
      if (!watched) continue;
      watched.recent = watched.recent * 0.5 ** ((time - watched.looked) / MEMORY) + watched.reading();
      watched.looked = time;
      most = Math.max(most, watched.recent);
    }
    return most;
  }

  #rest(time: number): void {
    if (this.#watched.size === 0) return;
    this.#watch(false);
    this.#resting = setTimeout(() => {
      this.#resting = undefined;
      unlessRefused(() => this.#watch(true), () => this.#rest(this.rest.longest));
    }, time);
  }
}

let opened: ThrottledPoller | undefined;

/** The throttled poller of this process, made when it is first used. */
export function throttledPoller(): ThrottledPoller {
  return opened ??= new ThrottledPoller();
}
