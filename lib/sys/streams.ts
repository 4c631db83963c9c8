/** Reading pipes, pty masters and the like as data comes, without a thread each. */

import { close, readAvailable, setNonBlocking } from "./descriptors.ts";
import { EAGAIN, EINTR, EIO } from "./errno.ts";
import { paced } from "./paced.ts";
import { poller } from "./poller.ts";

/** What a reader calls. */
export interface ReaderEvents {
  /** Data came. The bytes are valid until this returns or the kernel is called for something else. */
  onData(bytes: Uint8Array): void;
  /** The last writer is gone and all data has been given, or reading failed (`errno`). The descriptor is closed by now. */
  onEnd(errno?: number): void;
}

/** A descriptor that is being read. */
export interface DescriptorReader {
  /** Stops reading for a while: the writer is blocked once the kernel's buffer is full. */
  pause(): void;
  /** Goes on after {@link pause}. */
  resume(): void;
  /** Gives what the kernel holds right now, e.g. after the writer was reaped, without waiting for more. */
  drain(): void;
  /** Stops reading for good and closes the descriptor; nothing is called any more. */
  close(): void;
}

/** Reads a descriptor until its end, as data comes. It belongs to the reader from now on. */
export function readDescriptor(fd: number, events: ReaderEvents): DescriptorReader {
  return new Reader(fd, events, poller());
}

/** The same for one of many that are written to in small pieces: those are left to gather when there are many. */
export function readPaced(fd: number, events: ReaderEvents): DescriptorReader {
  return new Reader(fd, events, paced());
}

/** What tells when there is something to be read. */
interface Watcher {
  watch(fd: number, listener: () => number): void;
  unwatch(fd: number): void;
}

/** More than the kernel ever holds for a pipe or a pty, in bytes (pipe(7)). */
const LARGEST_BUFFER = 2 << 20;

class Reader implements DescriptorReader {
  #open = true;
  #paused = true;
  readonly #readable = () => this.#take();

  constructor(readonly fd: number, readonly events: ReaderEvents, readonly watcher: Watcher) {
    setNonBlocking(fd);
    this.resume();
  }

  pause(): void {
    if (this.#open && !this.#paused) this.watcher.unwatch(this.fd);
    this.#paused = true;
  }

  resume(): void {
    if (this.#open && this.#paused) this.watcher.watch(this.fd, this.#readable);
    this.#paused = false;
  }

  drain(): void {
    // Bounded, for a writer that is still there may be as fast as this.
    for (let left = LARGEST_BUFFER, taken; left > 0 && (taken = this.#take()) > 0;) left -= taken;
  }

  close(): void {
    this.pause();
    if (this.#open) close(this.fd);
    this.#open = false;
  }

  /** Takes one piece and returns its length: 0 when there was none, or the end. */
  #take(): number {
    if (!this.#open) return 0;
    const data = readAvailable(this.fd);
    if (data === -EAGAIN || data === -EINTR) return 0;
    if (typeof data !== "number" && data.length > 0) {
      this.events.onData(data);
      return data.length;
    }
    this.close();
    // A pty master has EIO for its end.
    this.events.onEnd(typeof data === "number" && data !== -EIO ? -data : undefined);
    return 0;
  }
}
