/** A line of a log: from a file, or from what init keeps in memory. */

import { Buffer } from "node:buffer";
import type { OutputLine } from "../../model/insight/journal.ts";

/** A line of an instance's output. */
export interface LogLine {
  job: string;
  instance: string;
  /** When it was printed (ms since 1970); undefined where nobody knows. */
  at?: number;
  /** Without its end. Bytes that are no UTF-8 are U+FFFD. */
  text: string;
  /** The bytes of a line of a file, without its end. */
  bytes?: Uint8Array;
  /** By which lines of several logs are sorted: the time, or one that it cannot be later than. */
  order: number;
  /** True for the last line of a file that does not end in a newline. */
  isPartial?: true;
}

/** A line that init keeps. */
export function keptLine({ job, instance, at, text }: OutputLine): LogLine {
  return { job, instance, at, text: withoutReturns(text), order: at };
}

/** A line without the returns at its end. */
function withoutReturns(text: string): string {
  let end = text.length;
  while (text[end - 1] === "\r") end--;
  return text.slice(0, end);
}

/** The time in front of a line of a log, as init's `--log-time` puts it there. */
const STAMP = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z) /;

/** A line of a file. @param order a time that it cannot be later than, unless it bears one */
export function fileLine(
  { job, instance }: { job: string; instance: string },
  bytes: Buffer,
  order: number,
): LogLine {
  let end = bytes.length;
  while (end > 0 && bytes[end - 1] === RETURN) end--;
  const [stamp, time] = STAMP.exec(bytes.toString("latin1", 0, STAMP_LENGTH)) ?? [];
  const at = time === undefined ? NaN : Date.parse(time);
  if (stamp === undefined || Number.isNaN(at)) {
    const content = bytes.subarray(0, end);
    return { job, instance, text: content.toString(), bytes: content, order };
  }
  const content = bytes.subarray(stamp.length, end);
  return { job, instance, at, text: content.toString(), bytes: content, order: at };
}

const RETURN = 13, NEWLINE = 10, STAMP_LENGTH = "2026-11-30T04:15:30.123Z ".length;

/** The longest line, in bytes: what is longer is cut in pieces, so that a file without newlines does not fill the memory. */
const LONGEST = 1 << 20;

/** Splits what is read of a file into lines. */
export class LineSplitter {
  #rest = Buffer.alloc(0);

  /** The lines that end in these bytes, which follow the last ones. */
  add(bytes: Uint8Array): Buffer[] {
    let rest = Buffer.concat([this.#rest, bytes]);
    const lines: Buffer[] = [];
    for (;;) {
      const end = rest.indexOf(NEWLINE);
      if (end < 0 && rest.length < LONGEST) break;
      const length = end < 0 || end > LONGEST ? LONGEST : end;
      lines.push(rest.subarray(0, length));
      rest = rest.subarray(length === end ? end + 1 : length);
    }
    this.#rest = rest;
    return lines;
  }

  /** What is left behind the last newline. */
  get rest(): Buffer {
    return this.#rest;
  }
}
