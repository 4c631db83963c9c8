/**
 * A server's connections for Bun. Most clients send one request at once and leave when it is answered: that is done by our own
 * calls. The socket of a client that stays is handed over to Bun's own sockets. They cost little, whereas `node:net` takes a
 * megabyte of memory and milliseconds.
 */

import { Buffer } from "node:buffer";
import { close, read, write } from "../io/descriptors.ts";
import { EAGAIN, EINTR } from "../call/errno.ts";
import { isKernelError, unlessRefused } from "../call/refused.ts";
import { poller } from "../io/poller.ts";
import type { ServerSocket, ServerSocketEvents } from "../server/server.ts";

/** The part of Bun's sockets that is used here. */
interface BunSocket {
  data: Served;
  /** The number of bytes that the kernel has taken; none, or a negative number, when it takes no more. */
  write(bytes: Uint8Array): number;
  pause(): void;
  resume(): void;
  terminate(): void;
}

/** The functions that Bun calls. */
interface Handlers {
  open(socket: BunSocket): void;
  data(socket: BunSocket, bytes: Buffer): void;
  drain(socket: BunSocket): void;
  end(socket: BunSocket): void;
  close(socket: BunSocket): void;
  error(socket: BunSocket): void;
  connectError(socket: BunSocket): void;
}

/** The part of Bun that is used here. */
interface Bun {
  connect(options: { fd: number; data: Served; allowHalfOpen: boolean; socket: Handlers }): Promise<unknown>;
}

/** Makes the connection of a client that was accepted; undefined where the runtime has no such sockets. */
export const nativeSocket = "Bun" in globalThis ? (fd: number): ServerSocket => new Served(fd) : undefined;

const HANDLERS: Handlers = {
  open: (socket) => socket.data.opened(socket),
  data: (socket, bytes) => socket.data.events?.onData(bytes),
  drain: (socket) => socket.data.drain(),
  end: (socket) => socket.data.end(),
  close: (socket) => socket.data.ended(),
  error: (socket) => socket.data.close(),
  connectError: (socket) => socket.data.close(),
};

class Served implements ServerSocket {
  events: ServerSocketEvents | undefined;
  closed = false;
  paused = false;
  waiting = 0;
  /** Bun's socket, once it has opened. */
  #socket: BunSocket | undefined;
  /** True once the descriptor was handed over to Bun. */
  #isBuns = false;
  #isWatched = false;
  #queue: Uint8Array[] = [];
  #isEnding = false;

  constructor(readonly fd: number) {}

  /** Reads what the client has sent already, when the caller is done. */
  start(events: ServerSocketEvents): void {
    this.events = events;
    queueMicrotask(() => this.#begin());
  }

  #begin(): void {
    this.#read();
    if (this.closed || this.#isBuns) return;
    unlessRefused(() => {
      poller().watch(this.fd, () => this.#read() && this.#giveAway());
      this.#isWatched = true;
    }, () => this.close());
  }

  /** True when there was data. */
  #read(): boolean {
    if (this.closed || this.#isBuns || this.#isEnding) return false;
    const bytes = read(this.fd);
    if (bytes === -EAGAIN || bytes === -EINTR) return false;
    if (typeof bytes === "number") this.close();
    else if (bytes.length === 0) this.end();
    else this.events?.onData(Buffer.from(bytes.buffer));
    return !this.closed;
  }

  /** Hands the descriptor over to Bun. */
  #giveAway(): void {
    if (this.#isBuns || this.closed) return;
    this.#isBuns = true;
    this.#unwatch();
    const { Bun } = globalThis as unknown as { Bun: Bun };
    // Without half-open sockets, data for a client that has finished writing would be lost.
    Bun.connect({ fd: this.fd, data: this, allowHalfOpen: true, socket: HANDLERS }).catch((error) => {
      this.ended();
      if (!isKernelError(error)) throw error;
    });
  }

  #unwatch(): void {
    if (this.#isWatched) poller().unwatch(this.fd);
    this.#isWatched = false;
  }

  /** Bun has opened its socket. */
  opened(socket: BunSocket): void {
    this.#socket = socket;
    if (this.closed) return socket.terminate();
    if (this.paused) socket.pause();
    if (this.waiting > 0) this.drain();
  }

  get unwritten(): Uint8Array {
    return Buffer.concat(this.#queue);
  }

  write(bytes: Uint8Array): void {
    if (this.closed || bytes.length === 0) return;
    this.#queue.push(bytes);
    this.waiting += bytes.length;
    if (this.waiting === bytes.length && !this.#advance()) this.#giveAway();
  }

  pause(): void {
    if (this.closed || this.paused) return;
    this.paused = true;
    if (this.#socket) this.#socket.pause();
    else this.#giveAway();
  }

  resume(): void {
    if (this.closed || !this.paused) return;
    this.paused = false;
    this.#socket?.resume();
  }

  close(): void {
    if (this.closed) return;
    this.closed = true;
    if (this.#socket) return this.#socket.terminate();
    // Bun's socket is not open yet: it is closed when it opens.
    if (this.#isBuns) return;
    this.#unwatch();
    close(this.fd);
    this.ended();
  }

  /** The kernel takes more. */
  drain(): void {
    if (this.waiting === 0 || !this.#advance()) return;
    if (this.#isEnding) this.close();
    else this.events?.onDrain();
  }

  /** The client has finished writing. */
  end(): void {
    this.#isEnding = true;
    if (this.waiting === 0) this.close();
    else this.#giveAway();
  }

  /** The connection is gone. */
  ended(): void {
    this.closed = true;
    this.#queue = [];
    this.waiting = 0;
    this.events?.onClose();
  }

  /** Writes what the kernel takes. True when nothing is left. */
  #advance(): boolean {
    while (this.#queue.length > 0) {
      const piece = this.#queue[0]!;
      const taken = Math.max(this.#send(piece), 0);
      this.waiting -= taken;
      if (taken < piece.length) {
        this.#queue[0] = piece.subarray(taken);
        return false;
      }
      this.#queue.shift();
    }
    return true;
  }

  /** The number of bytes that the kernel has taken; none, or a negative number, when it takes no more. */
  #send(piece: Uint8Array): number {
    if (this.#socket) return this.#socket.write(piece);
    return this.#isBuns ? 0 : write(this.fd, piece);
  }
}
