/** An epoll instance: waiting for several descriptors at once (epoll(7)). */

import process from "node:process";
import { call, kernel, required } from "../call/kernel.ts";
import { PreparedCalls } from "../call/prepared_calls.ts";

const EPOLL_CTL_ADD = 1, EPOLL_CTL_DEL = 2, EPOLLIN = 1, EPOLLOUT = 4, EPOLL_CLOEXEC = 0o2000000;

/** The size of `struct epoll_event`, which is packed on x86-64 alone. */
export const EVENT_SIZE = process.arch === "x64" ? 12 : 16;
const EVENT_DATA = EVENT_SIZE - 8;

/**
 * What to wait for at a descriptor: that reading (data, or the end) or writing would not block, or that the other side is gone,
 * which is told in any case.
 */
export type PollInterest = "read" | "write" | "end";

const EVENTS: Readonly<Record<PollInterest, number>> = { read: EPOLLIN, write: EPOLLOUT, end: 0 };

/** An epoll instance. */
export class Epoll {
  readonly descriptor = required("make an epoll instance", call("epoll_create1", EPOLL_CLOEXEC));
  readonly #memory = kernel();
  readonly #added = this.#memory.keep(EVENT_SIZE);
  readonly #address: number;
  readonly #add = new PreparedCalls(["epoll_ctl", this.descriptor, EPOLL_CTL_ADD, 0, this.#added]);
  readonly #remove = new PreparedCalls(["epoll_ctl", this.descriptor, EPOLL_CTL_DEL]);
  readonly #wait: PreparedCalls;

  /**
   * @param most How many descriptors {@link Epoll.wait} gives at a time, at most
   * @throws {SystemError} when there can be no more instances.
   */
  constructor(most = 64) {
    this.#address = this.#memory.keep(most * EVENT_SIZE);
    this.#wait = new PreparedCalls(["epoll_pwait", this.descriptor, this.#address, most]);
  }

  /**
   * Adds a descriptor.
   * @throws {SystemError} when it cannot be waited for.
   */
  add(fd: number, what: PollInterest = "read"): void {
    const event = this.#memory.view(this.#added, EVENT_SIZE);
    event.writeUInt32LE(EVENTS[what], 0);
    event.writeInt32LE(fd, EVENT_DATA);
    this.#add.set(0, 2, fd);
    this.#add.run();
    required("watch a descriptor", this.#add.result(0));
  }

  /** Removes a descriptor. Call this before you close it. */
  remove(fd: number): void {
    this.#remove.set(0, 2, fd);
    this.#remove.run();
  }

  /**
   * The descriptors that are ready. Blocks until there is one, or a signal comes.
   * @param time How long to block at most, in ms
   */
  wait(time: number): number[] {
    this.#wait.set(0, 3, time);
    this.#wait.run();
    const count = this.#wait.result(0);
    if (count <= 0) return [];
    const events = this.#memory.view(this.#address, count * EVENT_SIZE);
    return Array.from({ length: count }, (_, index) => events.readInt32LE(index * EVENT_SIZE + EVENT_DATA));
  }
}
