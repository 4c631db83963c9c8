/** A server's connection by our own system calls and the poller, in any runtime. */

import { Buffer } from "node:buffer";
import { EAGAIN, EINTR } from "../call/errno.ts";
import { unlessRefused } from "../call/refused.ts";
import { close, read, write } from "../io/descriptors.ts";
import type { FairQueue } from "./fair_queue.ts";
import { closeHurried, hurried } from "../io/hurried.ts";
import type { PollInterest } from "../io/epoll.ts";
import { poller } from "../io/poller.ts";
import { isHungUp } from "../io/socket.ts";
import type { ServerSocket, ServerSocketEvents } from "./server.ts";

/** A connection. While bytes wait to be written, nothing is read: a client that does not read is not listened to. */
export class PolledSocket implements ServerSocket {
  closed = false;
  paused = false;
  waiting = 0;
  #events: ServerSocketEvents | undefined;
  #watched: PollInterest | undefined;
  /** True while its turn is waited for. */
  #isQueued = false;
  #queue: Uint8Array[] = [];

  /** @param fair Where the work is queued for a client that need not mean well; absent: it is done at once. */
  constructor(readonly fd: number, private readonly fair?: FairQueue) {}

  start(events: ServerSocketEvents): void {
    this.#events = events;
    this.#attend();
  }

  get unwritten(): Uint8Array {
    return Buffer.concat(this.#queue);
  }

  write(bytes: Uint8Array): void {
    if (this.closed || bytes.length === 0) return;
    this.#queue.push(bytes);
    this.waiting += bytes.length;
    if (this.waiting === bytes.length) this.#advance();
    this.#attend();
  }

  pause(): void {
    this.paused = true;
    this.#attend();
  }

  resume(): void {
    this.paused = false;
    this.#attend();
  }

  close(): void {
    if (this.closed) return;
    this.closed = true;
    this.#attend();
    if (this.fair) closeHurried(this.fd);
    else close(this.fd);
    this.#queue = [];
    this.waiting = 0;
    this.#events?.onClose();
  }

  /** Watches for what is of interest now. */
  #attend(): void {
    if (this.#isQueued && !this.closed) return;
    const wanted = this.closed || !this.#events ? undefined : this.#interest;
    if (wanted === this.#watched) return;
    if (this.#watched) poller().unwatch(this.fd);
    this.#watched = undefined;
    if (wanted === undefined) return;
    unlessRefused(() => {
      poller().watch(this.fd, () => this.#ready(), wanted);
      this.#watched = wanted;
    }, () => this.#closeLater());
  }

  get #interest(): PollInterest {
    return this.waiting > 0 ? "write" : this.paused ? "end" : "read";
  }

  #ready(): void {
    if (!this.fair) return this.#turn();
    // Not watched until its turn comes.
    poller().unwatch(this.fd);
    this.#watched = undefined;
    this.#isQueued = true;
    this.fair.add(() => {
      this.#isQueued = false;
      this.#turn();
    });
  }

  #turn(): void {
    if (this.closed) return;
    if (this.waiting > 0) this.#drain();
    else if (!this.paused) this.#read();
    else if (isHungUp(this.fd)) this.close();
    this.#attend();
  }

  #drain(): void {
    if (this.#advance()) this.#events?.onDrain();
  }

  #read(): void {
    const bytes = this.fair ? hurried(() => read(this.fd)) : read(this.fd);
    if (bytes === -EAGAIN || bytes === -EINTR) return;
    if (typeof bytes === "number") this.close();
    else if (bytes.length > 0) this.#events?.onData(Buffer.from(bytes.buffer));
    // The client has finished writing, and has got all that was written to it: nothing is read before that.
    else this.close();
  }

  /** Whoever has just made the connection, or writes to it, is told of its end later. */
  #closeLater(): void {
    queueMicrotask(() => this.close());
  }

  /** Writes what the kernel takes. True when nothing is left. */
  #advance(): boolean {
    while (this.#queue.length > 0) {
      const piece = this.#queue[0]!, result = write(this.fd, piece);
      if (result < 0 && result !== -EAGAIN && result !== -EINTR) {
        this.#queue = [];
        this.waiting = 0;
        this.#closeLater();
        return false;
      }
      const taken = Math.max(result, 0);
      this.waiting -= taken;
      if (taken < piece.length) {
        this.#queue[0] = piece.subarray(taken);
        if (result < 0) return false;
      } else this.#queue.shift();
    }
    return true;
  }
}
