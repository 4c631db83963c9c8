/**
 * Waiting for descriptors that many write small pieces to, such as the output of jobs. To read each piece as it comes
 * would cost more than all else, so the more there is to do, the longer it is left to gather. What comes in quantity
 * is read as fast as it comes, for its writer waits.
 */

import { Epoll } from "./epoll.ts";
import { poller } from "./poller.ts";

/** Reads what there is, and tells how many bytes that was. */
export type Reading = () => number;

const EVENTS_AT_ONCE = 256;

/** How long descriptors rest. */
interface Rest {
  /** At most so many times as long as reading them took. */
  times: number;
  /** In ms: longer would be noticed. */
  longest: number;
}

/** So reading takes a twentieth of a processor, unless a terminal would be full before its time has come. */
const REST: Rest = { times: 19, longest: 30 };
/** A shorter rest, in ms, is not worth a timer. */
const SHORTEST_REST = 2;
/** How much is to gather at one descriptor, in bytes: a terminal holds little more, and then its writer waits. */
const ENOUGH = 3000;
/** In this time, in ms, half of what a descriptor had is forgotten. */
const MEMORY = 20;
/** How long to go on reading what comes too fast for a rest, in ms, before all else gets its turn. */
const TURN = 4;

/** A descriptor. */
interface Watched {
  reading: Reading;
  /** How much was read lately, in bytes. */
  recent: number;
  /** When, in ms. */
  looked: number;
}

/** An epoll instance within that of the {@link poller}. One per process, see {@link paced}. */
export class PacedPoller {
  readonly #watched = new Map<number, Watched>();
  readonly #epoll = new Epoll(EVENTS_AT_ONCE);
  readonly #look = () => this.#turn();
  #isWatched = false;
  #resting: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly rest: Rest = REST) {}

  /** Has a reading done again and again while there is something to be read, or the end, until {@link unwatch}. */
  watch(fd: number, reading: Reading): void {
    this.#epoll.add(fd);
    this.#watched.set(fd, { reading, recent: 0, looked: 0 });
    if (this.#resting === undefined) this.#watch(true);
  }

  /** Ends {@link watch}. To be called before the descriptor is closed. */
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

  /** Reads until there is no more, or it is better to let more gather. */
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

  /** Does all readings that there is something for, once. The most that one of them has had recently, in bytes. */
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
      this.#watch(true);
    }, time);
  }
}

let opened: PacedPoller | undefined;

/** The poller of what may rest, made at the first use. */
export function paced(): PacedPoller {
  return opened ??= new PacedPoller();
}
