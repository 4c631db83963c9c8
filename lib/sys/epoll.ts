/** Waiting for several descriptors at once (epoll(7)). */

import process from "node:process";
import { call, kernel, required } from "./kernel.ts";
import { PreparedCalls } from "./prepared.ts";

const EPOLL_CTL_ADD = 1, EPOLL_CTL_DEL = 2, EPOLLIN = 1, EPOLLOUT = 4, EPOLL_CLOEXEC = 0o2000000;

/** The size of `struct epoll_event`, which is packed on x86-64 alone. */
export const EVENT_SIZE = process.arch === "x64" ? 12 : 16;
const EVENT_DATA = EVENT_SIZE - 8;

/** What to wait for: that there is something to be read, or the end; or room to write. */
export type Readiness = "read" | "write";

/** An epoll instance. */
export class Epoll {
  readonly descriptor = required("make an epoll instance", call("epoll_create1", EPOLL_CLOEXEC));
  readonly #memory = kernel();
  readonly #added = this.#memory.keep(EVENT_SIZE);
  readonly #address: number;
  readonly #add = new PreparedCalls(["epoll_ctl", this.descriptor, EPOLL_CTL_ADD, 0, this.#added]);
  readonly #remove = new PreparedCalls(["epoll_ctl", this.descriptor, EPOLL_CTL_DEL]);
  readonly #wait: PreparedCalls;

  /** @param most How many descriptors {@link Epoll.wait} gives at a time. */
  constructor(most = 64) {
    this.#address = this.#memory.keep(most * EVENT_SIZE);
    this.#wait = new PreparedCalls(["epoll_pwait", this.descriptor, this.#address, most]);
  }

  /** Adds a descriptor. Throws SystemError where it cannot be waited for. */
  add(fd: number, what: Readiness = "read"): void {
    const event = this.#memory.view(this.#added, EVENT_SIZE);
    event.writeUInt32LE(what === "read" ? EPOLLIN : EPOLLOUT, 0);
    event.writeInt32LE(fd, EVENT_DATA);
    this.#add.set(0, 2, fd);
    this.#add.run();
    required("watch a descriptor", this.#add.result(0));
  }

  /** Removes a descriptor. To be called before it is closed. */
  remove(fd: number): void {
    this.#remove.set(0, 2, fd);
    this.#remove.run();
  }

  /** The descriptors that are ready. Waits at most so many ms until there is one; a signal ends that early. */
  wait(time: number): number[] {
    this.#wait.set(0, 3, time);
    this.#wait.run();
    const count = this.#wait.result(0);
    if (count <= 0) return [];
    const events = this.#memory.view(this.#address, count * EVENT_SIZE);
    return Array.from({ length: count }, (_, index) => events.readInt32LE(index * EVENT_SIZE + EVENT_DATA));
  }
}
