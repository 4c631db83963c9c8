/** A table of system calls that makes a child process or a thread by clone(2). */

import { kernel } from "./kernel.ts";
import { PreparedCalls } from "./prepared_calls.ts";

const SIG_SETMASK = 2, SIGNAL_SET_SIZE = 8;

/** The indices of the calls. */
const CLONE = 1, CLOSE = 3;

/**
 * A table for one clone(2) after another. Signals are blocked meanwhile, so that no handler of this process runs in the
 * child, which begins with them blocked.
 */
export class CloneTable {
  readonly #calls: PreparedCalls;

  /** @param tid The address to which CLONE_PARENT_SETTID has the kernel write the child's number. */
  constructor(tid = 0) {
    const memory = kernel(), all = memory.keep(8), old = memory.keep(8);
    memory.setWord(all, -1);
    this.#calls = new PreparedCalls(
      ["rt_sigprocmask", SIG_SETMASK, all, old, SIGNAL_SET_SIZE],
      ["clone", 0, 0, tid],
      ["rt_sigprocmask", SIG_SETMASK, old, 0, SIGNAL_SET_SIZE],
      ["close", -1],
    );
  }

  /**
   * Makes a child, which runs the table from a row on.
   * @param first The address of the row
   * @param descriptor The descriptor to close when the child has been made, if any
   */
  clone(flags: number, first: number, descriptor = -1): void {
    this.#calls.set(CLONE, 0, flags);
    this.#calls.leadChild(CLONE, first);
    this.#calls.set(CLOSE, 0, descriptor);
    this.#calls.run();
  }

  /** The result of clone(2), or −errno. A child that shares this memory may have overwritten it with its own, which is 0. */
  get result(): number {
    return this.#calls.result(CLONE);
  }
}
