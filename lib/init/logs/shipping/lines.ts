/** The lines of the output that is shipped. */

import { Buffer } from "node:buffer";
import type { LogTarget } from "../../../model/logs/settings.ts";
import type { OutputFrame, OutputOrigin } from "./frames.ts";

/** A line on its way, without its end. */
export interface ShippedLine extends OutputOrigin {
  text: Buffer;
  time: number;
  /** How much of the output it stands for, in bytes. */
  size: number;
  /** How many targets have not dealt with it. */
  left: number;
  /** True when one of them has not got it. */
  isLost: boolean;
}

/** A line that is longer is cut, in bytes. */
const LONGEST_LINE = 8192;

/** How long the beginning of a line waits for its end, in ms. */
const PATIENCE = 1000;

const NEWLINE = 10, RETURN = 13;

/** A line that has not ended. */
interface Unfinished {
  frame: OutputFrame;
  pieces: Buffer[];
  size: number;
}

/** Puts lines together, of each instance and its targets by themselves. */
export class LineAssembly {
  readonly #unfinished = new Map<string, Unfinished>();
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** @param onLine Receives each line, empty ones too. */
  constructor(private readonly onLine: (line: ShippedLine, targets: LogTarget[]) => void) {}

  take(frame: OutputFrame): void {
    const { job, instance, targets, bytes } = frame;
    const key = JSON.stringify([job, instance, targets]);
    const begun = this.#unfinished.get(key) ?? { frame, pieces: [], size: 0 };
    this.#unfinished.delete(key);
    let rest = Buffer.from(bytes);
    for (let end = rest.indexOf(NEWLINE); end >= 0; end = rest.indexOf(NEWLINE)) {
      this.#add(begun, rest.subarray(0, end));
      this.#end(begun, 1);
      begun.frame = frame;
      rest = rest.subarray(end + 1);
    }
    this.#add(begun, rest);
    if (begun.size === 0) return;
    this.#unfinished.set(key, begun);
    this.#timer ??= setTimeout(() => this.flush(), PATIENCE);
  }

  /** Passes on what has begun and not ended. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    for (const begun of this.#unfinished.values()) this.#end(begun);
    this.#unfinished.clear();
  }

  /** Adds to a line. As often as it is too long, the beginning is passed on. */
  #add(begun: Unfinished, bytes: Buffer): void {
    let rest = bytes;
    while (begun.size + rest.length > LONGEST_LINE) {
      const room = LONGEST_LINE - begun.size;
      begun.pieces.push(rest.subarray(0, room));
      rest = rest.subarray(room);
      this.#end(begun);
    }
    if (rest.length > 0) begun.pieces.push(rest);
    begun.size += rest.length;
  }

  /** @param ending How many bytes the line's end has. */
  #end(begun: Unfinished, ending = 0): void {
    const { frame: { job, instance, time, targets } } = begun;
    const whole = Buffer.concat(begun.pieces);
    begun.pieces = [];
    begun.size = 0;
    const text = whole.at(-1) === RETURN ? whole.subarray(0, -1) : whole;
    this.onLine({
      job,
      instance,
      time,
      text,
      size: whole.length + ending,
      left: targets.length,
      isLost: false,
    }, targets);
  }
}
