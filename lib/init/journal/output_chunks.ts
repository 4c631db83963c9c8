/**
 * The bytes that one stream of output has brought last, in chunks, and the lines in them. Bytes are numbered over all streams,
 * and a line has the number of its end: so nobody has to count lines while they come.
 */

import { Buffer } from "node:buffer";

const NEWLINE = 10, RETURN = 13;

/** What a chunk takes beside its bytes, and what a mark takes, in bytes. */
export const CHUNK_COST = 200, MARK_COST = 80;

/** How many marks a chunk may have. */
const MOST_MARKS = 4096;

/** The longest line that is given, in bytes. */
const LONGEST_LINE = 16_384;

/** Where bytes begin in a chunk that came at once: the place there, the number before the first, and the time (ms since 1970). */
type Mark = [offset: number, base: number, at: number];

/** A piece of a stream. */
export class Chunk {
  length = 0;
  /** In the order of their places. */
  readonly marks: Mark[] = [];

  constructor(readonly stream: OutputStreamRing, readonly bytes: Uint8Array) {}

  /** How many more bytes there is room for. */
  get room(): number {
    return this.marks.length < MOST_MARKS ? this.bytes.length - this.length : 0;
  }

  /** What it takes in memory. The instance may be gone, so that its name is kept for this alone. */
  get cost(): number {
    return CHUNK_COST + this.stream.instance.length + this.bytes.length + MARK_COST * this.marks.length;
  }

  /** Adds bytes, for which there is room. `base`: the number of the byte before the first. */
  add(bytes: Uint8Array, base: number, at: number): void {
    const last = this.marks.at(-1);
    const isNext = last !== undefined && last[2] === at && last[1] + this.length - last[0] === base;
    if (!isNext) this.marks.push([this.length, base, at]);
    this.bytes.set(bytes, this.length);
    this.length += bytes.length;
  }

  /** The mark of the byte at a place. */
  markAt(offset: number): Mark {
    let low = 0, high = this.marks.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.marks[middle]![0] <= offset) low = middle;
      else high = middle - 1;
    }
    return this.marks[low]!;
  }

  numberAt(offset: number): number {
    const [start, base] = this.markAt(offset);
    return base + offset - start + 1;
  }

  /** The number of its last byte. */
  get lastNumber(): number {
    return this.numberAt(this.length - 1);
  }
}

/** A line that is kept: where it stands, not its text. */
export interface KeptLine {
  stream: OutputStreamRing;
  /** The number of its end, and when that came. */
  number: number;
  at: number;
  /** Its first byte, and the newline behind it, counted from the first byte that the stream keeps. */
  start: number;
  end: number;
}

/** One stream of output of an instance. */
export class OutputStreamRing {
  readonly chunks: Chunk[] = [];
  /** True when the bytes before the first that is kept are gone, and had not ended their line. */
  isCut = false;

  constructor(readonly job: string, readonly instance: string) {}

  /** True when the last line has not ended. */
  get isMidLine(): boolean {
    const last = this.chunks.at(-1);
    return last !== undefined && last.bytes[last.length - 1] !== NEWLINE;
  }

  /** Drops its oldest chunk. */
  drop(): void {
    const gone = this.chunks.shift()!;
    this.isCut = gone.bytes[gone.length - 1] !== NEWLINE;
  }

  /** The lines with greater numbers that are not older, from the first on. */
  *forward(after: number, since: number): Generator<KeptLine> {
    const view = new ChunksView(this.chunks);
    let start = this.isCut ? view.secondStart() : 0;
    for (let end = view.newlineFrom(Math.max(start, view.placeAfter(after))); end >= 0;) {
      start = Math.max(start, view.newlineBefore(end) + 1);
      const line = view.line(this, start, end);
      if (line.at >= since) yield line;
      start = end + 1;
      end = view.newlineFrom(start);
    }
  }

  /** The same lines from the last on. */
  *backward(after: number, since: number): Generator<KeptLine> {
    const view = new ChunksView(this.chunks), first = this.isCut ? view.secondStart() : 0;
    for (let end = view.newlineBefore(view.length); end >= first;) {
      const before = view.newlineBefore(end);
      const line = view.line(this, Math.max(first, before + 1), end);
      if (line.number <= after) return;
      // Older ones may have later times: the clock may have been set back.
      if (line.at >= since) yield line;
      end = before;
    }
  }

  /** The text of a line. */
  text({ start, end }: KeptLine): string {
    return new ChunksView(this.chunks).text(start, end);
  }
}

/** Chunks as one text of bytes, with places from 0 on. */
class ChunksView {
  readonly #starts: number[] = [];
  readonly length: number;

  constructor(private readonly chunks: readonly Chunk[]) {
    let length = 0;
    for (const chunk of chunks) {
      this.#starts.push(length);
      length += chunk.length;
    }
    this.length = length;
  }

  /** Where the second line begins; at the end when there is none. */
  secondStart(): number {
    const end = this.newlineFrom(0);
    return end < 0 ? this.length : end + 1;
  }

  /** The place of the first byte with a greater number than this. */
  placeAfter(number: number): number {
    const index = this.chunks.findIndex((chunk) => chunk.lastNumber > number), chunk = this.chunks[index];
    if (!chunk) return this.length;
    const mark = chunk.marks.findLast(([, base]) => base <= number);
    const start = this.#starts[index]!;
    if (!mark) return start;
    const next = chunk.marks[chunk.marks.indexOf(mark) + 1]?.[0] ?? chunk.length;
    return start + Math.min(next, mark[0] + number - mark[1]);
  }

  /** The place of the first newline from a place on; −1 when there is none. */
  newlineFrom(place: number): number {
    for (let index = this.#indexOf(place); index < this.chunks.length; index++) {
      const chunk = this.chunks[index]!, start = this.#starts[index]!;
      const found = chunk.bytes.indexOf(NEWLINE, Math.max(0, place - start));
      if (found >= 0 && found < chunk.length) return start + found;
    }
    return -1;
  }

  /** The place of the last newline before a place; −1 when there is none. */
  newlineBefore(place: number): number {
    for (let index = this.#indexOf(place - 1); index >= 0 && place > 0; index--) {
      const chunk = this.chunks[index]!, start = this.#starts[index]!;
      const found = chunk.bytes.lastIndexOf(NEWLINE, Math.min(place - start, chunk.length) - 1);
      if (found >= 0) return start + found;
    }
    return -1;
  }

  /** The line between two places. */
  line(stream: OutputStreamRing, start: number, end: number): KeptLine {
    const index = this.#indexOf(end), chunk = this.chunks[index]!, offset = end - this.#starts[index]!;
    return { stream, number: chunk.numberAt(offset), at: chunk.markAt(offset)[2], start, end };
  }

  /** The text between two places. A long one is cut, and a carriage return at its end, which terminals put there, is not told. */
  text(start: number, end: number): string {
    const pieces: Uint8Array[] = [], stop = Math.min(end, start + LONGEST_LINE);
    for (let index = this.#indexOf(start); index < this.chunks.length; index++) {
      const chunk = this.chunks[index]!, from = this.#starts[index]!;
      if (from >= stop) break;
      pieces.push(chunk.bytes.subarray(Math.max(0, start - from), Math.min(chunk.length, stop - from)));
    }
    const bytes = Buffer.concat(pieces);
    const text = bytes.toString("utf8", 0, bytes.at(-1) === RETURN ? bytes.length - 1 : bytes.length);
    return stop < end ? `${text}…` : text;
  }

  /** The index of the chunk that a place is in. */
  #indexOf(place: number): number {
    let low = 0, high = this.chunks.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.#starts[middle]! <= place) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}
