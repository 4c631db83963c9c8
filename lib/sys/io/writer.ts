/** A writer to descriptors such as pipes and terminals. It writes in order, and never blocks. */

import { Buffer } from "node:buffer";
import * as fs from "node:fs";
import {
  close,
  isTerminal,
  O_NOCTTY,
  O_NONBLOCK,
  O_WRONLY,
  open,
  setNonBlocking,
  write,
} from "./descriptors.ts";
import { EAGAIN, EINTR, ENOSPC, SystemError } from "../call/errno.ts";
import { ifAllowed, unlessRefused } from "../call/refused.ts";
import { poller } from "./poller.ts";

/** The functions that a writer calls. */
interface WriterEvents {
  /** Some of the waiting bytes have been written. */
  onProgress(): void;
  /** There is no reader any more, or writing failed for good. All that is written from now on is dropped. */
  onBroken(error: SystemError): void;
}

/** The pause before writing is tried again to a full disk, or where memory is too short to wait for room, in ms. */
const RETRY_PAUSE = 200;

/** Writes to a descriptor what the kernel takes, and the rest when it takes more. */
export class DescriptorWriter {
  #queue: Uint8Array[] = [];
  #queued = 0;
  #watching = false;
  #pause: ReturnType<typeof setTimeout> | undefined;
  #broken = false;
  #isClosed = false;

  /** @param fd A descriptor as {@link nonBlockingOutput} gives it. */
  constructor(readonly fd: number, private readonly events: WriterEvents) {}

  /** How many bytes wait to be written. */
  get waiting(): number {
    return this.#queued;
  }

  /** The bytes that wait to be written. */
  get unwritten(): Uint8Array {
    return Buffer.concat(this.#queue);
  }

  /** Writes bytes, in order. They must not change later. */
  write(bytes: Uint8Array): void {
    if (this.#broken || bytes.length === 0) return;
    this.#queue.push(bytes);
    this.#queued += bytes.length;
    if (!this.#watching && this.#pause === undefined) this.#advance();
  }

  /** Drops what waits to be written, and closes the descriptor. Nothing is called any more. */
  close(): void {
    if (this.#isClosed) return;
    this.#broken = this.#isClosed = true;
    this.#queue = [];
    this.#queued = 0;
    clearTimeout(this.#pause);
    this.#rest();
    close(this.fd);
  }

  /** Writes what the kernel takes, and waits until it takes more. */
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
    if (errno === EAGAIN) this.#watch();
    else if (errno === ENOSPC) this.#retry();
    else {
      this.#broken = true;
      this.#queue = [];
      this.#queued = 0;
      this.#rest();
      this.events.onBroken(new SystemError("write", errno));
    }
  }

  #watch(): void {
    if (this.#watching) return;
    unlessRefused(() => {
      poller().watch(this.fd, () => this.#continue(), "write");
      this.#watching = true;
    }, () => this.#retry());
  }

  #retry(): void {
    this.#pause = setTimeout(() => {
      this.#pause = undefined;
      this.#continue();
    }, RETRY_PAUSE);
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
 * A non-blocking descriptor of what a standard stream of this process leads to. Where it is possible, other processes
 * that share the stream keep theirs blocking: pipes and terminals are opened anew.
 */
export function nonBlockingOutput(fd: number): number {
  // If it is not open, writing will tell.
  return ifAllowed(() => {
    const stat = fs.fstatSync(fd);
    const isShared = stat.isFIFO() || isTerminal(fd);
    const own = isShared
      ? ifAllowed(() => open(`/proc/self/fd/${fd}`, O_WRONLY | O_NONBLOCK | O_NOCTTY))
      : undefined;
    // Where it belongs to another user, or there is no /proc, there is no other way.
    if (own === undefined && (isShared || stat.isSocket())) setNonBlocking(fd);
    return own;
  }) ?? fd;
}
