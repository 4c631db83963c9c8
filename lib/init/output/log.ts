/** One job log: appended to a piece at a time, kept in memory while it cannot be written. */

import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { appendTo } from "../../sys/append.ts";
import { ENOENT, errnoMessage } from "../../sys/errno.ts";

/** Logs are for root and its group. */
const MODE = 0o640;

/** How much output is kept for one log that cannot be written, in bytes. */
export const MOST_KEPT = 256 * 1024;

/** Output kept by all logs together is bounded too. */
export class Budget {
  #left: number;

  constructor(bytes = 8 << 20) {
    this.#left = bytes;
  }

  /** Takes at most so many bytes out of the budget and returns how many there were. */
  take(bytes: number): number {
    const taken = Math.min(bytes, this.#left);
    this.#left -= taken;
    return taken;
  }

  give(bytes: number): void {
    this.#left += bytes;
  }
}

/**
 * A log file. It is opened for each piece that is written, so that a log that was renamed, deleted or made
 * unwritable is right again with the next piece, and an open log costs no descriptor.
 */
export class Log {
  #kept: Uint8Array[] = [];
  #keptBytes = 0;
  #lost = 0;

  constructor(readonly path: string, private readonly budget: Budget) {}

  /** True when something is to be written once the log is writable. */
  get waiting(): boolean {
    return this.#keptBytes > 0 || this.#lost > 0;
  }

  /** Writes what was kept and these bytes, or keeps them (the earliest first, within bounds) for later. */
  append(bytes: Uint8Array): void {
    const rest = this.waiting && this.flush() !== undefined ? bytes : this.#write(bytes).rest;
    if (rest.length > 0) this.#keep(rest);
  }

  /** Tries to write what was kept. Returns why that is not possible, as in strerror(3). */
  flush(): string | undefined {
    while (this.#kept.length > 0) {
      const piece = this.#kept[0]!;
      const { rest, problem } = this.#write(piece);
      this.#release(piece.length - rest.length);
      if (problem !== undefined) {
        this.#kept[0] = rest;
        return problem;
      }
      this.#kept.shift();
    }
    return this.#tellLost();
  }

  /** What could not be written of the bytes, and why. */
  #write(bytes: Uint8Array): { rest: Uint8Array; problem?: string } {
    let rest = bytes;
    while (rest.length > 0) {
      let result = appendTo(this.path, rest, MODE);
      if (result === -ENOENT && this.#makeDirectory()) result = appendTo(this.path, rest, MODE);
      if (result < 0) return { rest, problem: errnoMessage(-result) };
      rest = rest.subarray(result);
    }
    return { rest };
  }

  /** Only the last part of its path: where more is missing, a file system may have yet to be mounted. */
  #makeDirectory(): boolean {
    try {
      mkdirSync(dirname(this.path), { mode: 0o755 });
      return true;
    } catch {
      return false;
    }
  }

  #keep(bytes: Uint8Array): void {
    const wanted = this.#lost > 0 ? 0 : Math.min(bytes.length, MOST_KEPT - this.#keptBytes);
    const count = this.budget.take(wanted);
    if (count > 0) this.#kept.push(new Uint8Array(bytes.subarray(0, count)));
    this.#keptBytes += count;
    this.#lost += bytes.length - count;
  }

  #release(bytes: number): void {
    this.budget.give(bytes);
    this.#keptBytes -= bytes;
  }

  #tellLost(): string | undefined {
    if (this.#lost === 0) return undefined;
    const note = `[${this.#lost} bytes of output were lost while this log could not be written]\r\n`;
    const { problem } = this.#write(new TextEncoder().encode(note));
    if (problem === undefined) this.#lost = 0;
    return problem;
  }
}

/** The path of an instance's log: `JOB.log` or `JOB-INSTANCE.log`, slashes turned into underscores. */
export function logPath(directory: string, job: string, instance: string): string {
  const name = instance === "" ? job : `${job}-${instance}`;
  return `${directory}/${name.replaceAll("/", "_")}.log`;
}
