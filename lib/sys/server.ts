/** Serving stream sockets: what a server of Unix sockets needs, out of what each runtime has at hand. */

import type { Buffer } from "node:buffer";
import { serveInBun } from "./server_bun.ts";
import { serveWithNode } from "./server_node.ts";

/** A client's connection. */
export interface ServerSocket {
  /** The descriptor, for as long as it is not {@link closed}. */
  readonly fd: number;
  readonly closed: boolean;
  /** True from {@link pause} to {@link resume}. */
  readonly paused: boolean;
  /** Bytes written that the kernel has not taken yet. */
  readonly waiting: number;
  /** Has these called from now on. To be called once, before anything else. */
  start(events: ServerSocketEvents): void;
  /** Writes behind all that was written before. The bytes must not change later. */
  write(bytes: Uint8Array): void;
  /** Takes no more data for a while. */
  pause(): void;
  resume(): void;
  /** Drops the client and what is {@link waiting}. */
  close(): void;
}

/** What a connection calls. */
export interface ServerSocketEvents {
  onData(bytes: Buffer): void;
  /** Nothing is waiting any more. */
  onDrain(): void;
  /** Closed, by whomever. */
  onClose(): void;
}

/** A server that listens. */
export interface Server {
  /** Listens no more; connections stay. */
  close(): void;
}

/**
 * Listens on a path, or on an abstract name that begins with a null character, and gives every connection. Rejects with
 * an Error that has a `code`, such as EADDRINUSE, when that is not possible.
 */
export function listen(path: string, connected: (socket: ServerSocket) => void): Promise<Server> {
  return "Bun" in globalThis ? serveInBun(path, connected) : serveWithNode(path, connected);
}
