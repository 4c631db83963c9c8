/** Writing to pipes, terminals and the like in order, without ever waiting for whoever reads them. */

import * as fs from "node:fs";
import { isTerminal, O_NOCTTY, O_NONBLOCK, O_WRONLY, open, setNonBlocking, write } from "./descriptors.ts";
import { EAGAIN, EINTR, ENOSPC, SystemError } from "./errno.ts";
import { poller } from "./poller.ts";

/** What a writer calls. */
export interface WriterEvents {
  /** Some of what waited has been written. */
  onProgress(): void;
  /** Nobody reads any more, or writing failed for good: what is still to be written is dropped from now on. */
  onBroken(error: SystemError): void;
}

/** How long a full disk is left alone, in ms. */
const FULL_DISK_PAUSE = 200;

/** Writes to a descriptor what it takes at once, and the rest as soon as it takes more. */
export class DescriptorWriter {
  #queue: Uint8Array[] = [];
  #queued = 0;
  #watching = false;
  #pause: ReturnType<typeof setTimeout> | undefined;
  #broken = false;

  /** @param fd A descriptor as {@link nonBlockingOutput} gives it. */
  constructor(readonly fd: number, private readonly events: WriterEvents) {}

  /** How many bytes wait to be written. */
  get waiting(): number {
    return this.#queued;
  }

  /** Writes bytes behind all that was given before. They must not change later. */
  write(bytes: Uint8Array): void {
    if (this.#broken || bytes.length === 0) return;
    this.#queue.push(bytes);
    this.#queued += bytes.length;
    if (!this.#watching && this.#pause === undefined) this.#advance();
  }

  /** Writes what can be written, and sees to it that the rest follows. */
  #advance(): void {
    let done = 0;
    while (this.#queue.length > done) {
      const piece = this.#queue[done]!;
      const result = write(this.fd, piece);
      if (result === -EINTR) continue;
      if (result < 0) {
        this.#queue.splice(0, done);
        return this.#failed(-result);
      }
      this.#queued -= result;
      if (result === piece.length) done++;
      else this.#queue[done] = piece.subarray(result);
    }
    this.#queue = [];
    this.#rest();
  }

  #failed(errno: number): void {
    if (errno === EAGAIN) {
      if (this.#watching) return;
      this.#watching = true;
      poller().watch(this.fd, () => this.#continue(), "write");
    } else if (errno === ENOSPC) {
      this.#pause = setTimeout(() => {
        this.#pause = undefined;
        this.#continue();
      }, FULL_DISK_PAUSE);
    } else {
      this.#broken = true;
      this.#queue = [];
      this.#queued = 0;
      this.#rest();
      this.events.onBroken(new SystemError("write", errno));
    }
  }

  #continue(): void {
    this.#advance();
    this.events.onProgress();
  }

  #rest(): void {
    if (this.#watching) poller().unwatch(this.fd);
    this.#watching = false;
  }
}

/**
 * A descriptor that leads where a standard stream of this process does, and on which writing does not wait. Others
 * that share the stream notice nothing, where that is possible: pipes and terminals are opened anew.
 */
export function nonBlockingOutput(fd: number): number {
  try {
    const stat = fs.fstatSync(fd);
    if (stat.isFIFO() || isTerminal(fd)) {
      try {
        return open(`/proc/self/fd/${fd}`, O_WRONLY | O_NONBLOCK | O_NOCTTY);
      } catch {
        // Someone else's, or /proc is not there.
        setNonBlocking(fd);
      }
    } else if (stat.isSocket()) setNonBlocking(fd);
  } catch {
    // Not open: writing will tell.
  }
  return fd;
}
