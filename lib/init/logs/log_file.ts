/** A log file: output is appended to it, and kept in memory while the file cannot be written. */

import { Buffer } from "node:buffer";
import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { appendTo } from "../../sys/io/append.ts";
import { ENOENT, errnoMessage } from "../../sys/call/errno.ts";
import { unlessRefused } from "../../sys/call/refused.ts";
import type { Part } from "../parts/part.ts";

/** The mode of log files: for root and its group. */
const MODE = 0o640;

/** How much output is kept for one log that cannot be written, in bytes. */
export const MAX_KEPT = 256 * 1024;

/** The memory that the kept output of all logs may take together. */
export class MemoryBudget {
  #left: number;

  constructor(bytes = 8 << 20) {
    this.#left = bytes;
  }

  /** Takes at most so many bytes, and returns how many. */
  take(bytes: number): number {
    const taken = Math.min(bytes, this.#left);
    this.#left -= taken;
    return taken;
  }

  give(bytes: number): void {
    this.#left += bytes;
  }
}

/** What is saved of a {@link LogFile}. */
export interface SavedLog {
  path: string;
  /** The output that could not be written yet, in base64. */
  kept: string;
  /** How many bytes were lost. */
  lost: number;
}

/**
 * A log file. It is opened for each piece that is written: no descriptor is kept, and a log that was renamed or deleted
 * is made anew.
 */
export class LogFile implements Part<SavedLog> {
  #kept: Uint8Array[] = [];
  #keptBytes = 0;
  #lost = 0;
  /** True from a write that failed until one has succeeded. */
  #isFailing = false;

  /**
   * @param onFailing Called with the error number when the file cannot be written, once until it can; ENXIO when there is
   * something else than a regular file at the path.
   * @param onWritten Called when it can be written again, and everything kept has been.
   */
  constructor(
    readonly path: string,
    private readonly budget: MemoryBudget,
    private readonly onFailing: (errno: number) => void = () => {},
    private readonly onWritten: () => void = () => {},
  ) {}

  /** True when there is output that could not be written yet. */
  get waiting(): boolean {
    return this.#keptBytes > 0 || this.#lost > 0;
  }

  /** Writes the kept output and these bytes. Those that cannot be written are kept, the earliest first, within bounds. */
  append(bytes: Uint8Array): void {
    const rest = this.waiting && this.flush() !== undefined ? bytes : this.#write(bytes).rest;
    if (rest.length > 0) this.#keep(rest);
    else this.#noteWritten();
  }

  /** Tries to write the kept output. If that fails, returns the reason, as in strerror(3). */
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
    const problem = this.#noteLost();
    if (problem === undefined) this.#noteWritten();
    return problem;
  }

  save(): SavedLog {
    const kept = Buffer.concat(this.#kept).toString("base64");
    return { path: this.path, kept, lost: this.#lost };
  }

  restore({ kept, lost }: SavedLog): void {
    if (kept !== "") this.#keep(Buffer.from(kept, "base64"));
    this.#lost += lost;
    this.#isFailing = this.waiting;
  }

  /** Drops the kept output. */
  discard(): void {
    this.#release(this.#keptBytes);
    this.#kept = [];
    this.#lost = 0;
  }

  /** Writes bytes. Returns the rest that could not be written, and why. */
  #write(bytes: Uint8Array): { rest: Uint8Array; problem?: string } {
    let rest = bytes;
    while (rest.length > 0) {
      let result = appendTo(this.path, rest, MODE);
      if (result === -ENOENT && this.#makeDirectory()) result = appendTo(this.path, rest, MODE);
      if (result < 0) {
        this.#noteFailing(-result);
        return { rest, problem: errnoMessage(-result) };
      }
      rest = rest.subarray(result);
    }
    return { rest };
  }

  #noteFailing(errno: number): void {
    if (this.#isFailing) return;
    this.#isFailing = true;
    this.onFailing(errno);
  }

  #noteWritten(): void {
    if (!this.#isFailing) return;
    this.#isFailing = false;
    this.onWritten();
  }

  /** Makes the last part of the directory's path. Where more is missing, a file system may not be mounted yet. */
  #makeDirectory(): boolean {
    return unlessRefused(() => {
      mkdirSync(dirname(this.path), { mode: 0o755 });
      return true;
    }, () => false);
  }

  #keep(bytes: Uint8Array): void {
    const wanted = this.#lost > 0 ? 0 : Math.min(bytes.length, MAX_KEPT - this.#keptBytes);
    const count = this.budget.take(wanted);
    if (count > 0) this.#kept.push(new Uint8Array(bytes.subarray(0, count)));
    this.#keptBytes += count;
    this.#lost += bytes.length - count;
  }

  #release(bytes: number): void {
    this.budget.give(bytes);
    this.#keptBytes -= bytes;
  }

  #noteLost(): string | undefined {
    if (this.#lost === 0) return undefined;
    const note = `[${this.#lost} bytes of output were lost while this log could not be written]\r\n`;
    const { problem } = this.#write(new TextEncoder().encode(note));
    if (problem === undefined) this.#lost = 0;
    return problem;
  }
}
