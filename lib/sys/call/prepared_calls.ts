/** Tables of system calls that are made often: the rows are filled once, and only what changes is set before each run. */

import type { CallName } from "./numbers.ts";
import { kernel } from "./kernel.ts";
import { ROW_SIZE, RowField } from "./stub.ts";

/** System calls that are made one after another, whether they succeed or not, unless {@link PreparedCalls.skip} says so. */
export class PreparedCalls {
  readonly #kernel = kernel();
  readonly #start: number;

  /** @param calls Each with its first arguments; the others are 0 */
  constructor(...calls: [name: CallName, ...args: number[]][]) {
    this.#start = this.#kernel.keep((calls.length + 1) * ROW_SIZE);
    calls.forEach(([name, ...args], index) => this.#kernel.row(this.#row(index), name, args));
    this.#kernel.endRow(this.#row(calls.length));
  }

  /** Sets an argument of the call at an index. */
  set(index: number, argument: number, value: number): void {
    this.#kernel.setWord(this.#row(index) + 8 * (RowField.argument + argument), value);
  }

  /** Has an error of the call at an index lead to a later call. */
  skip(index: number, to: number): this {
    this.#kernel.setWord(this.#row(index) + 8 * RowField.failure, this.#row(to));
    return this;
  }

  /** Has the child of the clone(2) at an index go on with a row elsewhere, by its address. */
  leadChild(index: number, first: number): void {
    this.#kernel.setWord(this.#row(index) + 8 * RowField.zero, first);
  }

  /** Makes the calls. */
  run(): void {
    this.#kernel.run(this.#start);
  }

  /** The result of the call at an index: −errno after an error. */
  result(index: number): number {
    return this.#kernel.word(this.#row(index) + 8 * RowField.result);
  }

  #row(index: number): number {
    return this.#start + index * ROW_SIZE;
  }
}
