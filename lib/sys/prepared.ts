/** System calls that are made again and again: their table is filled once, and only what changes is set anew. */

import type { CallName } from "./calls.ts";
import { kernel } from "./kernel.ts";
import { ROW_SIZE, Word } from "./stub.ts";

/** A few system calls, one behind the other, whether they succeed or not. */
export class PreparedCalls {
  readonly #kernel = kernel();
  readonly #start: number;

  /** @param calls Each with the arguments that it begins with. */
  constructor(...calls: [name: CallName, ...args: number[]][]) {
    this.#start = this.#kernel.keep((calls.length + 1) * ROW_SIZE);
    calls.forEach(([name, ...args], place) => this.#kernel.row(this.#row(place), name, args));
    this.#kernel.endRow(this.#row(calls.length));
  }

  /** Sets an argument of the call at a place. */
  set(place: number, argument: number, value: number): void {
    this.#kernel.setWord(this.#row(place) + 8 * (Word.argument + argument), value);
  }

  /** Makes the calls. */
  run(): void {
    this.#kernel.run(this.#start);
  }

  /** What the call at a place returned: −errno after an error. */
  result(place: number): number {
    return this.#kernel.word(this.#row(place) + 8 * Word.result);
  }

  #row(place: number): number {
    return this.#start + place * ROW_SIZE;
  }
}
