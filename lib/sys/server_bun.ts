/** Serving sockets in Bun: its own are there at once, where `node:net` takes a megabyte of memory and milliseconds. */

import type { Buffer } from "node:buffer";
import type { Server, ServerSocket, ServerSocketEvents } from "./server.ts";

/** The part of Bun's sockets that is used here. */
interface BunSocket {
  readonly fd: number;
  data: Served;
  /** The number of bytes that the kernel has taken; none, or a negative number, when it takes no more. */
  write(bytes: Uint8Array): number;
  pause(): void;
  resume(): void;
  terminate(): void;
}

/** What Bun calls. */
interface Handlers {
  open(socket: BunSocket): void;
  data(socket: BunSocket, bytes: Buffer): void;
  drain(socket: BunSocket): void;
  end(socket: BunSocket): void;
  close(socket: BunSocket): void;
  error(socket: BunSocket): void;
}

interface Bun {
  listen(options: { unix: string; allowHalfOpen: boolean; socket: Handlers }): { stop(): void };
}

/** See {@link listen}. */
export function serveInBun(path: string, connected: (socket: ServerSocket) => void): Promise<Server> {
  const { Bun } = globalThis as unknown as { Bun: Bun };
  return Promise.try(() => {
    const listener = Bun.listen({
      unix: path,
      // What is still to be written to a client that writes no more would be lost.
      allowHalfOpen: true,
      socket: {
        open: (socket) => connected(socket.data = new Served(socket)),
        data: (socket, bytes) => socket.data.events?.onData(bytes),
        drain: (socket) => socket.data.drain(),
        end: (socket) => socket.data.end(),
        close: (socket) => socket.data.ended(),
        error: (socket) => socket.data.close(),
      },
    });
    return { close: () => listener.stop() };
  });
}

class Served implements ServerSocket {
  events: ServerSocketEvents | undefined;
  closed = false;
  paused = false;
  waiting = 0;
  #queue: Uint8Array[] = [];
  #isEnding = false;

  constructor(private readonly socket: BunSocket) {}

  get fd(): number {
    return this.socket.fd;
  }

  start(events: ServerSocketEvents): void {
    this.events = events;
  }

  write(bytes: Uint8Array): void {
    if (this.closed || bytes.length === 0) return;
    this.#queue.push(bytes);
    this.waiting += bytes.length;
    if (this.waiting === bytes.length) this.#advance();
  }

  pause(): void {
    if (this.closed || this.paused) return;
    this.paused = true;
    this.socket.pause();
  }

  resume(): void {
    if (this.closed || !this.paused) return;
    this.paused = false;
    this.socket.resume();
  }

  close(): void {
    if (this.closed) return;
    this.closed = true;
    this.socket.terminate();
  }

  /** The kernel takes more. */
  drain(): void {
    if (this.waiting === 0 || !this.#advance()) return;
    if (this.#isEnding) this.close();
    else this.events?.onDrain();
  }

  /** The client writes no more. */
  end(): void {
    this.#isEnding = true;
    if (this.waiting === 0) this.close();
  }

  /** The connection is gone. */
  ended(): void {
    this.closed = true;
    this.#queue = [];
    this.waiting = 0;
    this.events?.onClose();
  }

  /** Writes what the kernel takes. True when that was all. */
  #advance(): boolean {
    while (this.#queue.length > 0) {
      const piece = this.#queue[0]!;
      const taken = Math.max(this.socket.write(piece), 0);
      this.waiting -= taken;
      if (taken < piece.length) {
        this.#queue[0] = piece.subarray(taken);
        return false;
      }
      this.#queue.shift();
    }
    return true;
  }
}
