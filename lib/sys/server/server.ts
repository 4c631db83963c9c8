/** Connections of a server's clients. */

import type { Buffer } from "node:buffer";
import { nativeSocket } from "../runtime/server_bun.ts";
import { fairQueue } from "./fair_queue.ts";
import { PolledSocket } from "./polled_socket.ts";

/** A client's connection. */
export interface ServerSocket {
  /** The descriptor; valid until the socket is {@link closed}. */
  readonly fd: number;
  readonly closed: boolean;
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

/** The connection of a client that was accepted, by what is best in the runtime: for clients that are trusted. */
export function serverSocket(fd: number): ServerSocket {
  return nativeSocket?.(fd) ?? new PolledSocket(fd);
}

/** The same for clients that need not mean well: see {@link FairQueue}, and hurried.ts. */
export function guardedSocket(fd: number): ServerSocket {
  return new PolledSocket(fd, fairQueue());
}

/** True where a program that takes the place of this one (execve(2)) can go on with its connections. */
export const canAdopt = nativeSocket !== undefined;
