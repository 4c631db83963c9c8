/** The limit of what a job prints within a time (`log limit`). Lines pass whole, or are left out and counted. */

import { Buffer } from "node:buffer";
import type { LogLimit } from "../../../model/logs/settings.ts";
import { formatSize } from "../../../model/checks/size.ts";
import { PatientTimer } from "../../../sys/io/patient_timer.ts";
import type { Part } from "../../parts/part.ts";

const NEWLINE = 10;

/** A line that is longer counts as several, in bytes: one that never ends is limited, too. */
const LONGEST_LINE = 64 << 10;

/** What is saved of {@link RateLimit}. */
export interface SavedRate {
  /** How long the interval has lasted, in ms. */
  elapsed: number;
  lines: number;
  bytes: number;
  droppedLines: number;
  droppedBytes: number;
  /** Whether the last piece has ended within a line, and whether that line is left out. */
  line: "ended" | "passes" | "dropped";
  /** How long that line is so far, in bytes. */
  length: number;
  /** True: what has passed ends within a line. */
  isMidLine: boolean;
}

/** What was left out. */
export interface Dropped {
  lines: number;
  bytes: number;
}

/** Passes the lines of an interval until there are too many. */
export class RateLimit implements Part<SavedRate> {
  #begin = -Infinity;
  #passed: Dropped = { lines: 0, bytes: 0 };
  #dropped: Dropped = { lines: 0, bytes: 0 };
  #line: SavedRate["line"] = "ended";
  #length = 0;
  #isMidLine = false;
  #timer: PatientTimer | undefined;

  /**
   * @param pass Receives what passes, and the notes of what does not.
   * @param onDropped Told of what is left out, when its interval is over.
   * @param now The time in ms; for tests.
   */
  constructor(
    readonly limit: LogLimit,
    private readonly pass: (bytes: Uint8Array) => void,
    private readonly onDropped: (dropped: Dropped) => void = () => {},
    private readonly now: () => number = () => performance.now(),
  ) {}

  /** Takes output. The bytes are passed before this returns. */
  take(bytes: Uint8Array): void {
    if (this.now() - this.#begin >= this.limit.per * 1000) this.#beginInterval();
    for (let start = 0, end = 0; start < bytes.length; start = end) {
      const passes = this.#line === "passes" || this.#line === "ended" && this.#hasRoom;
      end = this.#run(bytes, start, passes);
      if (passes) this.#pass(bytes.subarray(start, end));
      else this.#await();
    }
  }

  /** Notes what was left out so far, and ends the watch of the time. */
  close(): void {
    this.#note();
  }

  save(): SavedRate {
    return {
      elapsed: Math.min(this.now() - this.#begin, this.limit.per * 1000),
      ...this.#passed,
      droppedLines: this.#dropped.lines,
      droppedBytes: this.#dropped.bytes,
      line: this.#line,
      length: this.#length,
      isMidLine: this.#isMidLine,
    };
  }

  restore(saved: SavedRate): void {
    const { elapsed, lines, bytes, droppedLines, droppedBytes, line, length, isMidLine } = saved;
    this.#begin = this.now() - elapsed;
    this.#passed = { lines, bytes };
    this.#dropped = { lines: droppedLines, bytes: droppedBytes };
    this.#line = line;
    this.#length = length;
    this.#isMidLine = isMidLine;
    if (droppedBytes > 0) this.#await();
  }

  /** How many more lines and bytes there is room for. */
  get #room(): Dropped {
    const { lines = Infinity, bytes = Infinity } = this.limit;
    return { lines: lines - this.#passed.lines, bytes: bytes - this.#passed.bytes };
  }

  get #hasRoom(): boolean {
    const { lines, bytes } = this.#room;
    return lines > 0 && bytes > 0;
  }

  /** The end of the bytes from a place on that share their line's fate. */
  #run(bytes: Uint8Array, start: number, passes: boolean): number {
    const counted = passes ? this.#passed : this.#dropped, { length } = bytes;
    // What is left out goes on without end, or until its line ends where there is room again.
    const room = passes ? this.#room : { lines: this.#hasRoom ? 1 : Infinity, bytes: Infinity };
    let end = start, begin = start - this.#length, lines = 0, isOver = false;
    // Lines may be as short as their ends: nothing is called or made for each.
    while (end < length) {
      isOver = bytes[end++] === NEWLINE || end - begin >= LONGEST_LINE;
      if (!isOver) continue;
      begin = end;
      if (++lines >= room.lines || end - start >= room.bytes) break;
    }
    counted.lines += lines;
    counted.bytes += end - start;
    this.#length = end - begin;
    this.#line = isOver ? "ended" : passes ? "passes" : "dropped";
    return end;
  }

  #pass(bytes: Uint8Array): void {
    this.#isMidLine = bytes.at(-1) !== NEWLINE;
    this.pass(bytes);
  }

  /** Has the note come with the end of the interval, also where nothing more is printed. */
  #await(): void {
    const rest = this.limit.per * 1000 - (this.now() - this.#begin);
    this.#timer ??= new PatientTimer(Math.max(rest, 0), () => this.#note());
  }

  #beginInterval(): void {
    this.#note();
    this.#begin = this.now();
    this.#passed = { lines: 0, bytes: 0 };
  }

  #note(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    const { lines, bytes } = this.#dropped;
    if (bytes === 0) return;
    this.#dropped = { lines: 0, bytes: 0 };
    this.onDropped({ lines, bytes });
    const note = `[${lines} lines (${bytes} bytes) were left out: ${this.#reason}]\n`;
    this.#pass(Buffer.from(this.#isMidLine ? `\n${note}` : note));
  }

  get #reason(): string {
    const { lines, bytes, per } = this.limit;
    const most = [
      ...(lines === undefined ? [] : [`${lines} lines`]),
      ...(bytes === undefined ? [] : [formatSize(bytes)]),
    ];
    return `more than ${most.join(" or ")} in ${per} s`;
  }
}
