/**
 * Waiting for any number of descriptors at once, in any runtime: one epoll instance, and one thread that is
 * nothing but a table of three system calls that goes round: wait for epoll, signal this process, sleep until
 * that was answered. It costs a kernel stack, and no time when nothing happens.
 */

import process from "node:process";
import { EAGAIN, EINTR } from "./errno.ts";
import { call, kernel, required } from "./kernel.ts";
import { onSignal } from "./signals.ts";
import { ROW_SIZE } from "./stub.ts";
import { startThread } from "./thread.ts";

const EPOLL_CTL_ADD = 1, EPOLL_CTL_DEL = 2, EPOLLIN = 1, EPOLLOUT = 4, EPOLL_CLOEXEC = 0o2000000;
const EVENTS_AT_ONCE = 64;
/** `struct epoll_event` is packed on x86-64 alone. */
const EVENT_SIZE = process.arch === "x64" ? 12 : 16, EVENT_DATA = EVENT_SIZE - 8;

/** The bell. A signal that is ignored by default, so that one too many does no harm. */
const SIGNAL = "SIGURG", SIGURG = 23;

/** Watches descriptors. One per process, see {@link poller}. */
class Poller {
  readonly #listeners = new Map<number, () => void>();
  readonly #epoll = required("make an epoll instance", call("epoll_create1", EPOLL_CLOEXEC));
  readonly #address = kernel().keep(EVENTS_AT_ONCE * EVENT_SIZE);
  readonly #events = kernel().view(this.#address, EVENTS_AT_ONCE * EVENT_SIZE);
  readonly #thread = new PollThread(this.#epoll);
  /** Ends listening to the thread; there while anything is watched. */
  #silence: (() => void) | undefined;
  readonly #deliver = () => {
    const count = call("epoll_pwait", this.#epoll, this.#address, EVENTS_AT_ONCE, 0, 0, 0);
    try {
      for (let i = 0; i < count; i++) {
        this.#listeners.get(this.#events.readInt32LE(i * EVENT_SIZE + EVENT_DATA))?.();
      }
    } finally {
      this.#thread.answer();
    }
  };

  /**
   * Calls the listener whenever the descriptor can be read or has reached its end, or can be written to, until
   * {@link unwatch}. Now and then it is called for nothing: the descriptor must not block.
   */
  watch(fd: number, listener: () => void, what: "read" | "write" = "read"): void {
    const event = new DataView(new ArrayBuffer(EVENT_SIZE));
    event.setUint32(0, what === "read" ? EPOLLIN : EPOLLOUT, true);
    event.setInt32(EVENT_DATA, fd, true);
    const bytes = new Uint8Array(event.buffer);
    // Listening comes first, or the first bell is lost and rung again only a second later.
    this.#silence ??= onSignal(SIGNAL, this.#deliver);
    this.#listeners.set(fd, listener);
    const added = call("epoll_ctl", this.#epoll, EPOLL_CTL_ADD, fd, bytes);
    if (added < 0) this.unwatch(fd);
    required("watch a descriptor", added);
  }

  /** Ends {@link watch}. To be called before the descriptor is closed. */
  unwatch(fd: number): void {
    if (!this.#listeners.delete(fd)) return;
    call("epoll_ctl", this.#epoll, EPOLL_CTL_DEL, fd);
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
