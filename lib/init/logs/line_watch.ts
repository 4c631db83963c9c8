/** The watch for a line of an instance's output that a pattern matches (`ready log`). */

import { Buffer } from "node:buffer";
import type { Part } from "../parts/part.ts";
import { LinePattern } from "../../model/text/line_pattern.ts";

/** The longest piece of a line that is looked at, in bytes. */
const LONGEST_LINE = 4096;

const NEWLINE = 10;

/** An instance whose output is watched. */
interface Watch {
  job: string;
  instance: string;
  pattern: string;
}

/** What is saved of {@link LineWatch}. */
export type SavedWatches = Watch[];

/** The same with what it takes to watch. */
interface WatchedOutput extends Watch {
  matcher: LinePattern;
  /** The pieces of unfinished lines, by the stream that they came from. */
  unfinished: Map<object, Uint8Array>;
}

/** The instances whose output is watched. Those of others cost nothing. */
export class LineWatch implements Part<SavedWatches> {
  readonly #watched = new Map<string, WatchedOutput>();

  /**
   * Watches the output of an instance from now on, in place of an earlier watch.
   * @throws {PatternError} when the pattern is not supported.
   */
  start(job: string, instance: string, pattern: string): void {
    const matcher = new LinePattern(pattern);
    this.#watched.set(keyOf(job, instance), { job, instance, pattern, matcher, unfinished: new Map() });
  }

  stop(job: string, instance: string): void {
    this.#watched.delete(keyOf(job, instance));
  }

  /** True while the output of an instance is watched. */
  has(job: string, instance: string): boolean {
    return this.#watched.size > 0 && this.#watched.has(keyOf(job, instance));
  }

  /**
   * Looks at output of an instance. `stream` stands for the one that it came from. Returns true when a line matches, which
   * ends the watch.
   */
  look(job: string, instance: string, stream: object, bytes: Uint8Array): boolean {
    if (!this.has(job, instance)) return false;
    const key = keyOf(job, instance), watched = this.#watched.get(key)!;
    const before = watched.unfinished.get(stream) ?? new Uint8Array();
    const text = Buffer.concat([before, bytes]);
    for (let start = 0, end = text.indexOf(NEWLINE);; start = end + 1, end = text.indexOf(NEWLINE, start)) {
      if (end < 0) {
        watched.unfinished.set(stream, text.subarray(start, start + LONGEST_LINE));
        return false;
      }
      if (!watched.matcher.matches(lineOf(text.subarray(start, Math.min(end, start + LONGEST_LINE))))) {
        continue;
      }
      this.#watched.delete(key);
      return true;
    }
  }

  save(): SavedWatches {
    return Array.from(this.#watched.values(), ({ job, instance, pattern }) => ({ job, instance, pattern }));
  }

  restore(saved: SavedWatches): void {
    for (const { job, instance, pattern } of saved) this.start(job, instance, pattern);
  }
}

function keyOf(job: string, instance: string): string {
  return `${job}\0${instance}`;
}

/** A line as text, without the carriage return that terminals put at its end. */
function lineOf(bytes: Buffer): string {
  const line = bytes.toString();
  return line.endsWith("\r") ? line.slice(0, -1) : line;
}
