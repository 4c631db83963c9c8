/** The output of scripts that run side by side: that of each is kept whole. */

import { OutputTurns } from "../../compat/sysv/mod.ts";
import { writeAll } from "../sys/io/write_all.ts";

/** A standard stream, to which scripts write by turns. */
export class SharedOutput {
  readonly #turns = new OutputTurns();
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly descriptor: 1 | 2) {}

  data(script: string, bytes: Uint8Array): void {
    this.#write(this.#turns.data(script, bytes, performance.now()));
  }

  ended(script: string): void {
    this.#write(this.#turns.ended(script, performance.now()));
  }

  #write(pieces: Uint8Array[]): void {
    for (const piece of pieces) writeAll(this.descriptor, piece);
    clearTimeout(this.#timer);
    const { due } = this.#turns;
    if (due === undefined) return;
    this.#timer = setTimeout(
      () => this.#write(this.#turns.tick(performance.now())),
      Math.max(Math.ceil(due - performance.now()), 1),
    );
  }
}

const RETURN = 13, NEWLINE = 10;

/** What was written to a terminal, without the carriage returns that it puts before newlines. */
export class TerminalText {
  #held = false;

  /** Gives a copy. A carriage return at the end comes with what follows it. */
  add(bytes: Uint8Array): Uint8Array {
    const all = this.#held ? Uint8Array.of(RETURN, ...bytes) : bytes;
    this.#held = all.at(-1) === RETURN;
    const text = this.#held ? all.subarray(0, -1) : all;
    return text.filter((byte, index) => byte !== RETURN || all[index + 1] !== NEWLINE);
  }
}
