/**
 * A listening Unix socket, by our own system calls: the runtime's sockets call accept(2) again and again, without a pause,
 * when there are no descriptors.
 */

import { close } from "./descriptors.ts";
import { EAGAIN, ECONNABORTED, EINTR } from "../call/errno.ts";
import { unlessRefused } from "../call/refused.ts";
import { call, required } from "../call/kernel.ts";
import { poller } from "./poller.ts";
import { bindUnix } from "./socket.ts";

/** How many clients may wait to be accepted (listen(2)); others get EAGAIN. */
const BACKLOG = 128;

/** How many clients are accepted before the event loop goes on. */
const ACCEPTED_A_TURN = 16;

/** The pause in accepting when there is no descriptor at all, in ms. */
const PAUSE = 100;

const SOCK_NONBLOCK = 0o4000, SOCK_CLOEXEC = 0o2000000, F_DUPFD_CLOEXEC = 1030;

/** The functions that a listener calls. */
interface ListenerEvents {
  /**
   * A client was accepted; the callee must close its descriptor. `scarce` is true when the spare descriptor was used:
   * unless some are closed now, no other client can be accepted.
   */
  accepted(fd: number, scarce: boolean): void;
}

/** Accepts clients. It keeps a spare descriptor to accept one when there are no others. */
export class Listener {
  readonly #socket: number;
  #spare = -1;
  #isWatched = false;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /**
   * Listens on a path, or on an abstract name that begins with a null character.
   *
   * @param inherited A socket that listens already, and that this process was given: the path is not looked at
   * @throws {SystemError} such as EADDRINUSE
   */
  constructor(path: string, private readonly events: ListenerEvents, inherited?: number) {
    this.#socket = inherited ?? bindUnix(path);
    try {
      if (inherited === undefined) required("listen", call("listen", this.#socket, BACKLOG));
      // Nobody would listen on the socket of an earlier program again, were it closed now.
      unlessRefused(() => this.#resume(), () => this.#pause());
    } catch (error) {
      close(this.#socket);
      throw error;
    }
  }

  /** The socket that listens. */
  get descriptor(): number {
    return this.#socket;
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#rest();
    close(this.#socket);
    if (this.#spare >= 0) close(this.#spare);
  }

  /** Starts accepting, or goes on. */
  #resume(): void {
    this.#keepSpare();
    if (this.#isWatched) return;
    poller().watch(this.#socket, () => this.#accept());
    this.#isWatched = true;
  }

  #rest(): void {
    if (this.#isWatched) poller().unwatch(this.#socket);
    this.#isWatched = false;
  }

  #keepSpare(): void {
    if (this.#spare < 0) this.#spare = call("fcntl", this.#socket, F_DUPFD_CLOEXEC, 0);
  }

  #accept(): void {
    for (let count = 0; count < ACCEPTED_A_TURN && this.#isWatched; count++) {
      const fd = this.#take();
      if (fd === -EAGAIN) return;
      if (fd >= 0) this.events.accepted(fd, false);
      else if (fd !== -EINTR && fd !== -ECONNABORTED) this.#acceptWithSpare();
    }
  }

  #take(): number {
    return call("accept4", this.#socket, 0, 0, SOCK_NONBLOCK | SOCK_CLOEXEC);
  }

  /** There are no descriptors, or no memory: accepts one client all the same, because it may be an important one. */
  #acceptWithSpare(): void {
    if (this.#spare >= 0) {
      close(this.#spare);
      this.#spare = -1;
      const fd = this.#take();
      if (fd >= 0) this.events.accepted(fd, true);
      this.#keepSpare();
      if (this.#spare >= 0 && fd >= 0) return;
    }
    this.#pause();
  }

  /** Accepts nobody for a while, and longer where the socket cannot be watched again because memory is short. */
  #pause(): void {
    this.#rest();
    this.#timer = setTimeout(() => {
      unlessRefused(() => this.#resume(), () => this.#pause());
    }, PAUSE);
  }
}
