/** A log file: output is appended to it, and kept in memory while the file cannot be written. */

import { Buffer } from "node:buffer";
import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { atOwnPlace, isOthersPlace } from "../../../sys/access/own_place.ts";
import { appendTo, appendToOwn } from "../../../sys/io/append.ts";
import { ENOENT, ENXIO, EPERM, errnoMessage } from "../../../sys/call/errno.ts";
import { unlessRefused } from "../../../sys/call/refused.ts";
import type { Rotation } from "../../../model/logs/settings.ts";
import type { Part } from "../../parts/part.ts";
import { LogRotator } from "./log_rotator.ts";

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

/** Who is told of a log file. */
interface LogEvents {
  /** It cannot be written, said once until it can: the error number, ENXIO for what is no regular file. */
  onFailing?(errno: number): void;
  /** It can be written again, and all that was kept has been. */
  onWritten?(): void;
  /** So many bytes are lost, for no more are kept. */
  onLost?(bytes: number): void;
  /** It was rotated. */
  onRotated?(rotation: Rotation): void;
  /** It cannot be rotated, and grows on: the reason. */
  onUnrotated?(reason: string): void;
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
  readonly #rotator: LogRotator;
  readonly #found = { size: 0 };
  /** How lines end that init adds: by default as Upstart does it. */
  lineEnd: "\n" | "\r\n" = "\r\n";
  /** True from a write that failed until one has succeeded. */
  #isFailing = false;
  /** Why it cannot be written; undefined while it can. */
  #failure: string | undefined;
  /** True where others may write its directory; undefined until that matters. */
  #isOthersPlace: boolean | undefined;

  constructor(
    readonly path: string,
    private readonly budget: MemoryBudget,
    private readonly events: LogEvents = {},
  ) {
    this.#rotator = new LogRotator(path, Date.now, (act) => this.#atPlace(act));
  }

  /** When it is rotated from now on; undefined for never. */
  set rotation(rotation: Rotation | undefined) {
    this.#rotator.rotation = rotation;
  }

  /** Why it cannot be written, as in strerror(3); undefined while it can. */
  get failure(): string | undefined {
    return this.#failure;
  }

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
    this.events.onLost?.(this.#keptBytes);
    this.#release(this.#keptBytes);
    this.#kept = [];
    this.#lost = 0;
  }

  /** Writes bytes. Returns the rest that could not be written, and why. */
  #write(bytes: Uint8Array): { rest: Uint8Array; problem?: string } {
    let rest = bytes;
    while (rest.length > 0) {
      this.#rotateIfDue();
      const piece = this.#rotator.share(rest);
      let result = this.#append(piece);
      if (result === -ENOENT && this.#makeDirectory()) result = this.#append(piece);
      if (result < 0) {
        this.#noteFailing(-result);
        return { rest, problem: errnoMessage(-result) };
      }
      this.#rotator.appended(rest.subarray(0, result), this.#found.size);
      rest = rest.subarray(result);
    }
    return { rest };
  }

  #append(piece: Uint8Array): number {
    this.#isOthersPlace ??= isOthersPlace(this.path);
    const append = this.#isOthersPlace ? appendToOwn : appendTo;
    return append(this.path, piece, MODE, this.#found);
  }

  /** Does something with the file by a path that leads to it for certain. */
  #atPlace<Result>(act: (path: string) => Result): Result {
    return this.#isOthersPlace ? atOwnPlace(this.path, act) : act(this.path);
  }

  #noteFailing(errno: number): void {
    this.#failure = errno === ENXIO
      ? "it is no regular file"
      : errno === EPERM && this.#isOthersPlace
      ? "others can write its directory, and could have made it"
      : errnoMessage(errno);
    // That may have changed when it is tried again.
    this.#isOthersPlace = undefined;
    if (this.#isFailing) return;
    this.#isFailing = true;
    this.events.onFailing?.(errno);
  }

  #noteWritten(): void {
    this.#failure = undefined;
    if (!this.#isFailing) return;
    this.#isFailing = false;
    this.events.onWritten?.();
  }

  #rotateIfDue(): void {
    const problem = this.#rotator.prepare();
    if (problem === "") this.events.onRotated?.(this.#rotator.rotation!);
    else if (problem !== undefined) this.events.onUnrotated?.(problem);
  }

  /** Makes the last part of the directory's path. Where more is missing, a file system may not be mounted yet. */
  #makeDirectory(): boolean {
    return unlessRefused(() => {
      const directory = dirname(this.path), make = (path: string) => mkdirSync(path, { mode: 0o755 });
      if (isOthersPlace(directory)) atOwnPlace(directory, make);
      else make(directory);
      this.#isOthersPlace = undefined;
      return true;
    }, () => false);
  }

  #keep(bytes: Uint8Array): void {
    const wanted = this.#lost > 0 ? 0 : Math.min(bytes.length, MAX_KEPT - this.#keptBytes);
    const count = this.budget.take(wanted);
    if (count > 0) this.#kept.push(new Uint8Array(bytes.subarray(0, count)));
    this.#keptBytes += count;
    const lost = bytes.length - count;
    this.#lost += lost;
    if (lost > 0) this.events.onLost?.(lost);
  }

  #release(bytes: number): void {
    this.budget.give(bytes);
    this.#keptBytes -= bytes;
  }

  #noteLost(): string | undefined {
    if (this.#lost === 0) return undefined;
    const note =
      `[${this.#lost} bytes of output were lost while this log could not be written]${this.lineEnd}`;
    const { problem } = this.#write(new TextEncoder().encode(note));
    if (problem === undefined) this.#lost = 0;
    return problem;
  }
}
