/** Open files: what descriptors stand for (open(2), "open file description"). */

import type { Inode } from "./inodes.ts";

/** Events of poll(2) and epoll(7). */
export const IN = 1, OUT = 4, ERR = 8, HUP = 16;

/** Error numbers that the simulated kernel gives, negative as system calls return them. */
export const EPERM = -1,
  ENOENT = -2,
  ESRCH = -3,
  EINTR = -4,
  EIO = -5,
  ENXIO = -6,
  ENOEXEC = -8,
  EBADF = -9,
  ECHILD = -10,
  EAGAIN = -11,
  ENOMEM = -12,
  EACCES = -13,
  EEXIST = -17,
  ENOTDIR = -20,
  EISDIR = -21,
  EINVAL = -22,
  EMFILE = -24,
  ENOTTY = -25,
  ENOSPC = -28,
  ESPIPE = -29,
  EPIPE = -32,
  ENOSYS = -38,
  ENOTEMPTY = -39,
  ELOOP = -40,
  ENOTSOCK = -88,
  EADDRINUSE = -98,
  ECONNABORTED = -103,
  ECONNRESET = -104,
  ENOTCONN = -107,
  ECONNREFUSED = -111;

/** What {@link OpenFile.read} gives at the end. */
export const NOTHING = new Uint8Array(0);

/** An open file. Results are as of system calls: negative error numbers. */
export abstract class OpenFile {
  /** How many descriptors stand for it, in all processes. */
  references = 0;
  readonly #listeners = new Set<() => void>();

  /** @param flags As of open(2). */
  constructor(readonly inode: Inode, public flags: number) {}

  read(_size: number): Uint8Array | number {
    return EINVAL;
  }

  write(_bytes: Uint8Array): number {
    return EINVAL;
  }

  /** What poll(2) would tell. */
  get events(): number {
    return IN | OUT;
  }

  /** The last descriptor was closed. */
  released(): void {}

  /** Calls a function whenever {@link events} may have changed. @returns what ends that. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  changed(): void {
    for (const listener of [...this.#listeners]) listener();
  }

  /** One descriptor more. */
  hold(): this {
    this.references++;
    return this;
  }

  /** One descriptor less. */
  release(): void {
    if (--this.references > 0) return;
    this.released();
    this.changed();
  }
}
