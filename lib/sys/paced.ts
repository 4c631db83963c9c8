/**
 * Waiting for descriptors that many write small pieces to, such as the output of jobs. To read each piece as it comes
 * would cost more than all else, so the more there is to do, the longer it is left to gather. What comes in quantity
 * is read as fast as it comes, for its writer waits.
 */

import { Buffer } from "node:buffer";
import process from "node:process";
import { call, kernel, required } from "./kernel.ts";
import { poller } from "./poller.ts";

/** Reads what there is, and tells how many bytes that was. */
export type Reading = () => number;

const EPOLL_CTL_ADD = 1, EPOLL_CTL_DEL = 2, EPOLLIN = 1, EPOLL_CLOEXEC = 0o2000000;
const EVENTS_AT_ONCE = 256;
/** `struct epoll_event` is packed on x86-64 alone. */
const EVENT_SIZE = process.arch === "x64" ? 12 : 16, EVENT_DATA = EVENT_SIZE - 8;

/** How long descriptors rest. */
interface Rest {
  /** At most so many times as long as reading them took. */
  times: number;
  /** In ms: longer would be noticed. */
  longest: number;
}

const REST: Rest = { times: 19, longest: 30 };
/** A shorter rest, in ms, is not worth a timer. */
const SHORTEST_REST = 2;
/** How much is to gather at one descriptor, in bytes, and what is too much: there its writer waits, or soon will. */
const ENOUGH = 3000, TOO_MUCH = 4000;
/** How long to go on reading what comes too fast for a rest, in ms, before all else gets its turn. */
const TURN = 4;

/** An epoll instance within that of the {@link poller}. One per process, see {@link paced}. */
export class PacedPoller {
  readonly #readings = new Map<number, Reading>();
  readonly #epoll = required("make an epoll instance", call("epoll_create1", EPOLL_CLOEXEC));
  readonly #address = kernel().keep(EVENTS_AT_ONCE * EVENT_SIZE);
  readonly #events = kernel().view(this.#address, EVENTS_AT_ONCE * EVENT_SIZE);
  readonly #look = () => this.#turn();
  #watched = false;
  #resting: ReturnType<typeof setTimeout> | undefined;
  /** When descriptors were looked at last, in ms. */
  #looked = 0;

  constructor(private readonly rest: Rest = REST) {}

  /** Has a reading done again and again while there is something to be read, or the end, until {@link unwatch}. */
  watch(fd: number, reading: Reading): void {
    const event = Buffer.alloc(EVENT_SIZE);
    event.writeUInt32LE(EPOLLIN, 0);
    event.writeInt32LE(fd, EVENT_DATA);
    required("watch a descriptor", call("epoll_ctl", this.#epoll, EPOLL_CTL_ADD, fd, event));
    this.#readings.set(fd, reading);
    if (this.#resting === undefined) this.#watch(true);
  }

  /** Ends {@link watch}. To be called before the descriptor is closed. */
  unwatch(fd: number): void {
    if (!this.#readings.delete(fd)) return;
    call("epoll_ctl", this.#epoll, EPOLL_CTL_DEL, fd);
    if (this.#readings.size > 0) return;
    clearTimeout(this.#resting);
    this.#resting = undefined;
    this.#watch(false);
  }

  #watch(wanted: boolean): void {
    if (wanted && !this.#watched) poller().watch(this.#epoll, this.#look);
    if (!wanted && this.#watched) poller().unwatch(this.#epoll);
    this.#watched = wanted;
  }

  /** Reads until there is no more, or it is better to let more gather. */
  #turn(): void {
    const began = performance.now();
    for (let rest = 0, time = began; rest < SHORTEST_REST && time - began < TURN;) {
      const since = time - this.#looked;
      const most = this.#round();
      if (most === 0) return;
      this.#looked = performance.now();
      if (most < TOO_MUCH) {
        rest = Math.min(this.rest.times * (this.#looked - time), this.rest.longest, since * ENOUGH / most);
      }
      if (rest >= SHORTEST_REST) this.#rest(rest);
      time = this.#looked;
    }
  }

  /** Does all readings that there is something for, once. The most that one of them has read. */
  #round(): number {
    const count = call("epoll_pwait", this.#epoll, this.#address, EVENTS_AT_ONCE, 0, 0, 0);
    let most = 0;
    for (let i = 0; i < count; i++) {
      const fd = this.#events.readInt32LE(i * EVENT_SIZE + EVENT_DATA);
      most = Math.max(most, this.#readings.get(fd)?.() ?? 0);
    }
    return most;
  }

  #rest(time: number): void {
    if (this.#readings.size === 0) return;
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
