/** A server of Unix stream sockets, by what is best in each runtime. */

import type { Buffer } from "node:buffer";
import { nativeServer } from "../runtime/server_bun.ts";
import { serveWithNode } from "../runtime/server_node.ts";

/** A client's connection. */
export interface ServerSocket {
  /** The descriptor; valid until the socket is {@link closed}. */
  readonly fd: number;
  readonly closed: boolean;
  /** True when there are no more descriptors: unless this client is important, close it, or else close another. */
  readonly scarce: boolean;
  /** True from {@link pause} to {@link resume}. */
  readonly paused: boolean;
  /** How many of the bytes written the kernel has not taken yet. */
  readonly waiting: number;
  /** Sets the functions to call. Call this once, before anything else. */
  start(events: ServerSocketEvents): void;
  /** Writes bytes, in order. They must not change later. */
  write(bytes: Uint8Array): void;
  /** Stops reading until {@link resume}. */
  pause(): void;
  resume(): void;
  /** Closes the connection and drops the bytes that are {@link waiting}. */
  close(): void;
}

/** The functions that a connection calls. */
export interface ServerSocketEvents {
  onData(bytes: Buffer): void;
  /** The kernel has taken all that was written. */
  onDrain(): void;
  /** The connection is closed, by either side. */
  onClose(): void;
}

/** A server that listens. */
export interface Server {
  /** Stops listening; connections stay open. */
  close(): void;
}

/**
 * Listens on a path, or on an abstract name that begins with a null character.
 * @param connected Called with each connection
 * @throws {Error} with a `code` such as EADDRINUSE (the promise rejects).
 */
export function listen(path: string, connected: (socket: ServerSocket) => void): Promise<Server> {
  return (nativeServer ?? serveWithNode)(path, connected);
}
