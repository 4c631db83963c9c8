/** Writes many lines to standard output, some of them at a time. */

import { Buffer } from "node:buffer";
import type { Invocation } from "../command.ts";

/** So much is written at a time, in bytes. */
const MOST = 64 << 10;

/** The output of a command that shows lines as they come. */
export class LineOutput<Line> {
  #bytes: Uint8Array[] = [];
  #size = 0;
  #isRead = true;

  /** @param form Gives a line as it is written, with its end */
  constructor(private readonly invocation: Invocation, private readonly form: (line: Line) => Uint8Array) {
    invocation.tell(); // Each line is an answer.
  }

  /** Returns false where nobody reads the output any more. */
  add(line: Line): boolean {
    const bytes = this.form(line);
    this.#bytes.push(bytes);
    this.#size += bytes.length;
    return this.#size < MOST || this.flush();
  }

  /** Writes what was added. Returns false where nobody reads it. */
  flush(): boolean {
    if (this.#size > 0) this.#isRead &&= this.invocation.put(Buffer.concat(this.#bytes));
    this.#bytes = [];
    this.#size = 0;
    return this.#isRead;
  }
}
