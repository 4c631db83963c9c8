/**
 * A socket that listens, by our own system calls: the runtime's sockets call accept(2) again and again, without a pause, when
 * there are no descriptors.
 */

import { close } from "../io/descriptors.ts";
import { EAGAIN, ECONNABORTED, EINTR } from "../call/errno.ts";
import { unlessRefused } from "../call/refused.ts";
import { call } from "../call/kernel.ts";
import { openReserve } from "../process/limits.ts";
import type { FairQueue } from "./fair_queue.ts";
import { closeHurried } from "../io/hurried.ts";
import { poller } from "../io/poller.ts";

/** How many clients are accepted before the event loop goes on. */
const ACCEPTED_A_TURN = 16;

/** The pause in accepting when there is no descriptor at all, in ms. */
const PAUSE = 100;

const SOCK_NONBLOCK = 0o4000, SOCK_CLOEXEC = 0o2000000, F_DUPFD_CLOEXEC = 1030;

/**
 * Is given the descriptor of a client that was accepted, which it must close. `scarce`: there was none but of the reserve, and
 * unless some are closed now, hardly another client can be accepted.
 */
export type Accepted = (fd: number, scarce: boolean) => void;

/** Accepts clients. It keeps a spare descriptor to accept one when there are no others. */
export class Listener {
  #spare = -1;
  #isWatched = false;
  #isClosed = false;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /**
   * @param descriptor A socket that listens, see socket.ts
   * @param fair Where the work is queued for clients that need not mean well; absent: it is done at once
   */
  constructor(
    readonly descriptor: number,
    private readonly accepted: Accepted,
    private readonly fair?: FairQueue,
  ) {
    // Nobody would listen on the socket again, were it closed because memory is short now.
    this.#goOn();
  }

  /** Stops listening. */
  close(): void {
    clearTimeout(this.#timer);
    this.#rest();
    this.#isClosed = true;
    closeHurried(this.descriptor);
    if (this.#spare >= 0) close(this.#spare);
  }

  /** Starts accepting, or goes on. */
  #resume(): void {
    this.#keepSpare();
    if (this.#isWatched) return;
    poller().watch(this.descriptor, () => this.#ready());
    this.#isWatched = true;
  }

  #rest(): void {
    if (this.#isWatched) poller().unwatch(this.descriptor);
    this.#isWatched = false;
  }

  #keepSpare(): void {
    if (this.#spare < 0) this.#spare = call("fcntl", this.descriptor, F_DUPFD_CLOEXEC, 0);
  }

  #ready(): void {
    if (!this.fair) return void this.#accept();
    // Not watched until its turn comes.
    this.#rest();
    this.fair.add(() => this.#accept() && this.#goOn());
  }

  /** Accepts clients. False when it is not to go on for a while. */
  #accept(): boolean {
    for (let count = 0; count < ACCEPTED_A_TURN && !this.#isClosed; count++) {
      const fd = this.#take();
      if (fd === -EAGAIN) return true;
      if (fd >= 0) this.accepted(fd, false);
      else if (fd !== -EINTR && fd !== -ECONNABORTED && !this.#acceptWithSpare()) return false;
    }
    return true;
  }

  #take(): number {
    return call("accept4", this.descriptor, 0, 0, SOCK_NONBLOCK | SOCK_CLOEXEC);
  }

  /**
   * There are no descriptors, or no memory: accepts one client all the same, because it may be an important one. False where
   * nobody is accepted for a while.
   */
  #acceptWithSpare(): boolean {
    // Clients that need not mean well must not get at what is for the others.
    if (!this.fair && this.#acceptOfReserve()) return true;
    if (this.#spare >= 0) {
      close(this.#spare);
      this.#spare = -1;
      const fd = this.#take();
      if (fd >= 0) this.accepted(fd, true);
      this.#keepSpare();
      if (this.#spare >= 0 && fd >= 0) return true;
    }
    this.#pause();
    return false;
  }

  #acceptOfReserve(): boolean {
    const giveBack = openReserve(), fd = this.#take();
    giveBack();
    if (fd >= 0) this.accepted(fd, true);
    return fd >= 0 || fd === -EAGAIN;
  }

  #goOn(): void {
    if (this.#isClosed) return;
    unlessRefused(() => this.#resume(), () => this.#pause());
  }

  /** Accepts nobody for a while, and longer where the socket cannot be watched again because memory is short. */
  #pause(): void {
    this.#rest();
    this.#timer = setTimeout(() => this.#goOn(), PAUSE);
  }
}
