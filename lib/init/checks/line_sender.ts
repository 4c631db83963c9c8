/** The sending of lines between init and the child that makes checks: they are made as the other side reads. */

import { Buffer } from "node:buffer";

/** While so many bytes wait to be read, no further line is made. */
const ENOUGH = 64 << 10;

/** Where the lines go. */
interface LineReceiver {
  /** How many bytes wait to be read. */
  readonly waiting: number;
  write(bytes: Uint8Array): void;
}

/** Sends lines of JSON, by need: of what waits to be said, only what it is about is kept. */
export class LineSender {
  /** What makes the lines that are to be said, by what they are about, in their order. */
  readonly #waiting = new Map<number, () => object>();
  /** How far the lines are said. An iterator that is kept does not pass again what was taken away. */
  #next = this.#waiting.entries();
  #urgent: object | undefined;

  /** @param output When some of what it was given has been read, {@link LineSender.advance} is to be called. */
  constructor(private readonly output: LineReceiver) {}

  /** Says a line about something. One about the same that was not said yet is not said any more. */
  say(about: number, line: () => object): void {
    this.#waiting.set(about, line);
    this.advance();
  }

  /** Says this line before all that wait. */
  sayFirst(line: object): void {
    this.#urgent = line;
    this.advance();
  }

  /** Does not say what waits to be said about something. False when nothing does. */
  withdraw(about: number): boolean {
    return this.#waiting.delete(about);
  }

  /** Says what there is room for. */
  advance(): void {
    while (this.output.waiting < ENOUGH) {
      const line = this.#take();
      if (!line) return;
      this.output.write(Buffer.from(`${JSON.stringify(line)}\n`));
    }
  }

  #take(): object | undefined {
    const urgent = this.#urgent;
    this.#urgent = undefined;
    if (urgent || this.#waiting.size === 0) return urgent;
    let next = this.#next.next();
    if (next.done) {
      this.#next = this.#waiting.entries();
      next = this.#next.next();
    }
    const [about, make] = next.value!;
    this.#waiting.delete(about);
    return make();
  }
}
