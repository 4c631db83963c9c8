/**
 * Waiting for any number of descriptors at once, in any runtime: one epoll instance, and one thread that is
 * nothing but a table of three system calls that goes round: wait for epoll, signal this process, sleep until
 * that was answered. It costs a kernel stack, and no time when nothing happens.
 */

import process from "node:process";
import { Epoll, EVENT_SIZE, type Readiness } from "./epoll.ts";
import { EAGAIN, EINTR } from "./errno.ts";
import { call, kernel } from "./kernel.ts";
import { onSignal } from "./signals.ts";
import { ROW_SIZE } from "./stub.ts";
import { startThread } from "./thread.ts";

/** The bell. A signal that is ignored by default, so that one too many does no harm. */
const SIGNAL = "SIGURG", SIGURG = 23;

/** Watches descriptors. One per process, see {@link poller}. */
class Poller {
  readonly #listeners = new Map<number, () => void>();
  readonly #epoll = new Epoll();
  readonly #thread = new PollThread(this.#epoll.descriptor);
  /** Ends listening to the thread; there while anything is watched. */
  #silence: (() => void) | undefined;
  readonly #deliver = () => {
    try {
      for (const fd of this.#epoll.wait(0)) this.#listeners.get(fd)?.();
    } finally {
      this.#thread.answer();
    }
  };

  /**
   * Calls the listener whenever the descriptor can be read or has reached its end, or can be written to, until
   * {@link unwatch}. Now and then it is called for nothing: the descriptor must not block.
   */
  watch(fd: number, listener: () => void, what: Readiness = "read"): void {
    // Listening comes first, or the first bell is lost and rung again only a second later.
    this.#silence ??= onSignal(SIGNAL, this.#deliver);
    this.#listeners.set(fd, listener);
    try {
      this.#epoll.add(fd, what);
    } catch (error) {
      this.unwatch(fd);
      throw error;
    }
  }

  /** Ends {@link watch}. To be called before the descriptor is closed. */
  unwatch(fd: number): void {
    if (!this.#listeners.delete(fd)) return;
    this.#epoll.remove(fd);
    if (this.#listeners.size > 0) return;
    this.#silence?.();
    this.#silence = undefined;
    this.#thread.answer();
  }
}

/** The thread that waits. It never ends, for the process's end ends it. */
class PollThread {
  /** 1 from the moment that the thread has seen something to the answer, else 0. */
  readonly #unanswered = kernel().keep(8);

  constructor(epoll: number) {
    const memory = kernel();
    const FUTEX_WAIT_PRIVATE = 128;
    const oneSecond = memory.keep(16);
    memory.setWord(oneSecond, 1);
    const start = memory.keep(3 * ROW_SIZE);
    const [sleep, wait, ring] = [0, 1, 2].map((row) => start + row * ROW_SIZE);

    // A bell that nobody answers within a second is rung again.
    memory.row(sleep!, "futex", [this.#unanswered, FUTEX_WAIT_PRIVATE, 1, oneSecond], {
      tolerated: [EAGAIN, EINTR],
      failure: ring!,
    });
    memory.row(wait!, "epoll_pwait", [epoll, memory.keep(EVENT_SIZE), 1, -1], { into: this.#unanswered });
    memory.row(ring!, "kill", [process.pid, SIGURG], { zero: sleep!, failure: sleep! });

    startThread(wait!);
  }

  /** Lets the thread wait for epoll again. */
  answer(): void {
    const FUTEX_WAKE_PRIVATE = 129;
    kernel().setWord(this.#unanswered, 0);
    call("futex", this.#unanswered, FUTEX_WAKE_PRIVATE, 1);
  }
}

let started: Poller | undefined;

/** The poller, started at the first use. */
export function poller(): Poller {
  return started ??= new Poller();
}
