/** The rotation of a log file: when it is due, and the new name. Between two writes the file is closed, so nothing is lost. */

import * as fs from "node:fs";
import { dirname } from "node:path";
import { rotatedLogs, rotatedPath, stampOf, stampTime } from "../../../model/logs/log_names.ts";
import type { Rotation } from "../../../model/logs/settings.ts";
import { errorReason } from "../../../sys/call/errno.ts";
import { unlessRefused } from "../../../sys/call/refused.ts";

const NEWLINE = 10;

/** A line that is longer than this is cut where its log is rotated, in bytes. */
const LONGEST_LINE = 1 << 20;

type AtPlace = <Result>(act: (path: string) => Result) => Result;

/** Rotates a log file. It is told of each write. */
export class LogRotator {
  /** Absent: the log is not rotated here. Somebody else may rename or cut it. */
  rotation: Rotation | undefined;
  /** When the file was begun, in ms since 1970; undefined until that matters. */
  #begun: number | undefined;
  /** The stamp of the latest rotation; empty where there was none. */
  #latest: string | undefined;
  /** The size of the file, as it was last seen. */
  #size = 0;
  #isMidLine = false;
  /** A file that could not be rotated is tried again when it has grown to this size. */
  #retrySize = 0;

  /**
   * @param now The time in ms since 1970; for tests
   * @param at Does something with the file by a path that leads to it for certain
   */
  constructor(
    path: string,
    private readonly now: () => number = Date.now,
    private readonly at: AtPlace = (act) => act(path),
  ) {}

  /** What of these bytes still belongs to the file: of one that is to be rotated, the rest of its line. */
  share(bytes: Uint8Array): Uint8Array {
    if (!this.#isMidLine || !this.#isDue) return bytes;
    const end = bytes.indexOf(NEWLINE) + 1;
    return end > 0 ? bytes.subarray(0, end) : bytes;
  }

  /**
   * Rotates the file if that is due. To be called before bytes are appended: so there is always a file with the last line.
   *
   * @returns Undefined when nothing was due, empty when it was rotated, or the reason why it cannot be.
   */
  prepare(): string | undefined {
    const { rotation } = this;
    if (!rotation || !this.#isDue) return undefined;
    return this.#isMidLine && this.#size < rotation.size + LONGEST_LINE ? undefined : this.#rotate(rotation);
  }

  /** Notes that bytes were appended. @param before The size that it had before */
  appended(bytes: Uint8Array, before: number): void {
    if (!this.rotation) return;
    // It is new: somebody else has renamed the file, or cut it.
    if (before === 0) {
      this.#begun = this.now();
      this.#retrySize = 0;
    }
    this.#size = before + bytes.length;
    this.#isMidLine = bytes.at(-1) !== NEWLINE;
  }

  get #isDue(): boolean {
    const { rotation } = this;
    if (!rotation || this.#size === 0 || this.#size < this.#retrySize) return false;
    if (this.#size >= rotation.size) return true;
    return rotation.age !== undefined && this.now() - this.#begin() >= rotation.age * 1000;
  }

  /** The time when the file was begun. One that was there before is as old as its inode. */
  #begin(): number {
    return this.#begun ??= unlessRefused(() => this.at((path) => fs.statSync(path)).birthtimeMs, () => 0) ||
      this.now();
  }

  /** Renames the file. Returns the reason when that fails; undefined where somebody else has removed it. */
  #rotate({ size }: Rotation): string | undefined {
    return unlessRefused(() =>
      this.at((path) => {
        this.#latest ??= rotatedLogs(path, fs.readdirSync(dirname(path))).at(-1)?.stamp ?? "";
        // Names sort by time even where the clock was set back.
        const after = this.#latest === "" ? 0 : stampTime(this.#latest) + 1;
        const stamp = stampOf(new Date(Math.max(this.now(), after)).toISOString());
        fs.renameSync(path, rotatedPath(path, stamp));
        this.#latest = stamp;
        this.#size = this.#retrySize = 0;
        return "";
      }), (error) => {
      if (error.code === "ENOENT") {
        this.#size = 0;
        return undefined;
      }
      this.#retrySize = this.#size + size;
      return errorReason(error);
    });
  }
}
