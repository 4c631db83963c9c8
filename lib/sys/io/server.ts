/** A server of Unix stream sockets, by what is best in each runtime. */

import type { Buffer } from "node:buffer";
import { adoptNatively, nativeServer } from "../runtime/server_bun.ts";
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
  /** These bytes. */
  readonly unwritten: Uint8Array;
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
  /** The socket that listens; undefined where the runtime does not tell. */
  readonly descriptor: number | undefined;
  /** Stops listening; connections stay open. */
  close(): void;
}

/**
 * Listens on a path, or on an abstract name that begins with a null character.
 * @param connected Called with each connection
 * @param inherited A socket that listens on it already, see {@link canAdopt}
 * @throws {Error} with a `code` such as EADDRINUSE (the promise rejects).
 */
export function listen(
  path: string,
  connected: (socket: ServerSocket) => void,
  inherited?: number,
): Promise<Server> {
  return (nativeServer ?? serveWithNode)(path, connected, inherited);
}

/** True where sockets that an earlier program of this process has opened can be gone on with. */
export const canAdopt = nativeServer !== undefined;

/**
 * Goes on with a connection that an earlier program of this process has accepted.
 * @param connected Called with it at once
 * @throws {Error} unless {@link canAdopt}.
 */
export function adopt(descriptor: number, connected: (socket: ServerSocket) => void): void {
  if (!adoptNatively) throw new Error("Unable to take over a connection: the runtime has no way to");
  adoptNatively(descriptor, connected);
}
