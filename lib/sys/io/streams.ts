/** Readers of descriptors such as pipes and pty masters. They need no thread each. */

import { close, readAvailable, setNonBlocking } from "./descriptors.ts";
import { EAGAIN, EINTR, EIO } from "../call/errno.ts";
import { isKernelError } from "../call/refused.ts";
import { throttledPoller } from "./throttled_poller.ts";
import { poller } from "./poller.ts";

/** The functions that a reader calls. */
interface ReaderEvents {
  /** Data was read. The bytes are valid until this returns, or until the next system call. */
  onData(bytes: Uint8Array): void;
  /** The end was reached, or reading failed (`errno`). The descriptor is closed already. */
  onEnd(errno?: number): void;
}

/** A descriptor that is being read. */
export interface DescriptorReader {
  /** Stops reading. The writer blocks once the kernel's buffer is full. */
  pause(): void;
  /** Goes on after {@link pause}. */
  resume(): void;
  /** Reads what the kernel holds right now, e.g. after the writer was reaped. */
  drain(): void;
  /** Stops reading and closes the descriptor. Nothing is called any more. */
  close(): void;
}

/**
 * Reads a descriptor until its end, as data comes. The reader closes it, also when this fails.
 * @throws {SystemError} when the descriptor cannot be watched.
 */
export function readDescriptor(fd: number, events: ReaderEvents): DescriptorReader {
  return new Reader(fd, events, poller);
}

/**
 * The same for one of many descriptors that are written to in small pieces: pieces are left to gather, see
 * throttled_poller.ts.
 * @throws {SystemError} when the descriptor cannot be watched.
 */
export function readThrottled(fd: number, events: ReaderEvents): DescriptorReader {
  return new Reader(fd, events, throttledPoller);
}

/** A poller. */
interface Watcher {
  watch(fd: number, listener: () => number): void;
  unwatch(fd: number): void;
}

/** More than the kernel buffers for a pipe or a pty, in bytes (pipe(7)). */
const LARGEST_BUFFER = 2 << 20;

/** Errors of epoll_ctl(2) that pass: memory is short, or the user watches too many descriptors. */
const PASSING = ["ENOMEM", "ENOSPC"];

/** The pause before resuming is tried again after a failure, in ms. */
const RETRY_PAUSE = 1000;

class Reader implements DescriptorReader {
  #open = true;
  #paused = true;
  /** The timer that tries to resume again; set after a failure. */
  #retry: ReturnType<typeof setTimeout> | undefined;
  readonly #readable = () => this.#take();

  constructor(readonly fd: number, readonly events: ReaderEvents, readonly watcher: () => Watcher) {
    try {
      setNonBlocking(fd);
      this.#watch();
    } catch (error) {
      if (!isKernelError(error) || !PASSING.includes(error.code)) {
        close(fd);
        throw error;
      }
      this.#resumeLater();
    }
  }

  pause(): void {
    clearTimeout(this.#retry);
    if (this.#open && !this.#paused) this.watcher().unwatch(this.fd);
    this.#paused = true;
  }

  resume(): void {
    try {
      this.#watch();
    } catch (error) {
      if (!isKernelError(error)) throw error;
      this.#resumeLater();
    }
  }

  /** The kernel is short of memory. Unless this is tried again, the writer blocks for ever. */
  #resumeLater(): void {
    this.#retry = setTimeout(() => this.resume(), RETRY_PAUSE);
  }

  #watch(): void {
    if (this.#open && this.#paused) this.watcher().watch(this.fd, this.#readable);
    this.#paused = false;
  }

  drain(): void {
    // Bounded, because a writer that still runs may be as fast as this.
    for (let left = LARGEST_BUFFER, taken; left > 0 && (taken = this.#take()) > 0;) left -= taken;
  }

  close(): void {
    this.pause();
    if (this.#open) close(this.fd);
    this.#open = false;
  }

  /** Reads once and gives the number of bytes; 0 when there were none, or at the end. */
  #take(): number {
    if (!this.#open) return 0;
    const data = readAvailable(this.fd);
    if (data === -EAGAIN || data === -EINTR) return 0;
    if (typeof data !== "number" && data.length > 0) {
      this.events.onData(data);
      return data.length;
    }
    this.close();
    // Reading from a pty master gives EIO at the end.
    this.events.onEnd(typeof data === "number" && data !== -EIO ? -data : undefined);
    return 0;
  }
}
