/**
 * The poller: waits for any number of descriptors at once, in any runtime. It is an epoll instance, and a thread that runs
 * a table of three system calls in a loop: wait for epoll, signal this process, sleep until the signal is answered. It
 * costs a kernel stack, and no processor time while nothing happens.
 */

import process from "node:process";
import { Epoll, EVENT_SIZE, type PollInterest } from "./epoll.ts";
import { EAGAIN, EINTR } from "../call/errno.ts";
import { call, kernel } from "../call/kernel.ts";
import { onSignal } from "../process/signals.ts";
import { ROW_SIZE } from "../call/stub.ts";
import { threadOf } from "../call/thread.ts";

/** The signal of the thread. It is ignored by default, so that a late one does no harm. */
const SIGNAL = "SIGURG", SIGURG = 23;

/** Where a limit of processes allows no thread, the descriptors are polled with this interval, in ms, until it does. */
const LOOKING = 50;

/** Watches descriptors. One per process, see {@link poller}. */
class Poller {
  readonly #listeners = new Map<number, () => void>();
  readonly #epoll = new Epoll();
  readonly #thread = new PollThread(this.#epoll.descriptor);
  /** Stops listening to the signal; set while anything is watched. */
  #silence: (() => void) | undefined;
  /** The timer that polls; set while there is no thread. */
  #looking: ReturnType<typeof setTimeout> | undefined;
  readonly #deliver = () => {
    try {
      for (const fd of this.#epoll.wait(0)) this.#listeners.get(fd)?.();
    } finally {
      this.#thread.answer();
    }
  };

  /**
   * Calls the listener whenever the descriptor is ready, until {@link unwatch}. Sometimes it is called although the
   * descriptor is not ready, so the descriptor must be non-blocking.
   * @throws {SystemError} when the descriptor cannot be waited for.
   */
  watch(fd: number, listener: () => void, what: PollInterest = "read"): void {
    // Listening comes first, or the first signal is lost and repeated only a second later.
    if (!this.#silence) {
      this.#silence = onSignal(SIGNAL, this.#deliver);
      this.#begin();
    }
    this.#listeners.set(fd, listener);
    try {
      this.#epoll.add(fd, what);
    } catch (error) {
      this.unwatch(fd);
      throw error;
    }
  }

  /** Ends {@link watch}. Call this before you close the descriptor. */
  unwatch(fd: number): void {
    if (!this.#listeners.delete(fd)) return;
    this.#epoll.remove(fd);
    if (this.#listeners.size > 0) return;
    this.#silence?.();
    this.#silence = undefined;
    clearTimeout(this.#looking);
    this.#thread.answer();
  }

  /** Starts the thread, or polls where it cannot be started. */
  #begin(): void {
    if (this.#thread.start()) return;
    this.#looking = setTimeout(() => {
      this.#begin();
      this.#deliver();
    }, LOOKING);
  }
}

/** The thread. It ends with the process. */
class PollThread {
  /** A word that is 1 from when a descriptor is ready until that is answered, else 0. */
  readonly #unanswered = kernel().keep(8);
  readonly #start: () => boolean;
  #started = false;

  constructor(epoll: number) {
    const memory = kernel();
    const FUTEX_WAIT_PRIVATE = 128;
    const oneSecond = memory.keep(16);
    memory.setWord(oneSecond, 1);
    const start = memory.keep(3 * ROW_SIZE);
    const [sleep, wait, ring] = [0, 1, 2].map((row) => start + row * ROW_SIZE);

    // A signal that is not answered within a second is repeated.
    memory.row(sleep!, "futex", [this.#unanswered, FUTEX_WAIT_PRIVATE, 1, oneSecond], {
      tolerated: [EAGAIN, EINTR],
      failure: ring!,
    });
    memory.row(wait!, "epoll_pwait", [epoll, memory.keep(EVENT_SIZE), 1, -1], { into: this.#unanswered });
    memory.row(ring!, "kill", [process.pid, SIGURG], { zero: sleep!, failure: sleep! });

    this.#start = threadOf(wait!);
  }

  /** Starts the thread unless it runs. False when it cannot be started now. */
  start(): boolean {
    return this.#started ||= this.#start();
  }

  /** Lets the thread wait for epoll again. */
  answer(): void {
    const FUTEX_WAKE_PRIVATE = 129;
    kernel().setWord(this.#unanswered, 0);
    call("futex", this.#unanswered, FUTEX_WAKE_PRIVATE, 1);
  }
}

let started: Poller | undefined;

/** The poller of this process, made when it is first used. */
export function poller(): Poller {
  return started ??= new Poller();
}
