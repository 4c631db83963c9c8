/** A table of system calls that makes a child process or a thread by clone(2), or a child in a control group by clone3(2). */

import { kernel } from "./kernel.ts";
import type { CallName } from "./numbers.ts";
import { PreparedCalls } from "./prepared_calls.ts";

const SIG_SETMASK = 2, SIGNAL_SET_SIZE = 8;

/** The indices of the calls. */
const CLONE = 1, CLOSE = 3;

/** clone3(2) has the signal that tells of the child's end apart from the flags, of which it is the lowest byte in clone(2). */
const EXIT_SIGNAL = 0xff;

const CLONE_INTO_CGROUP = 2 ** 33;

/** The words of clone3(2)'s arguments, `struct clone_args`, by their index. */
const Clone3Field = { flags: 0, parentTid: 3, exitSignal: 4, cgroup: 10 } as const, CLONE3_FIELDS = 11;

/**
 * A table for one clone(2) after another. Signals are blocked meanwhile, so that no handler of this process runs in the
 * child, which begins with them blocked.
 */
export class CloneTable {
  readonly #calls: PreparedCalls;
  /** The same by clone3(2), and the address of its arguments; made when it is first used. */
  #clone3: { calls: PreparedCalls; words: number } | undefined;
  /** Those of the last child. */
  #last: PreparedCalls;

  /** @param tid The address to which CLONE_PARENT_SETTID has the kernel write the child's number. */
  constructor(private readonly tid = 0) {
    this.#calls = this.#last = callsAround(["clone", 0, 0, tid]);
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
    this.#last = this.#calls;
  }

  /**
   * Makes a child in a control group, see {@link clone}: to enter one later takes the kernel milliseconds.
   * @param group The descriptor of the group's directory. It is closed
   */
  cloneInto(group: number, flags: number, first: number): void {
    const { calls, words } = this.#clone3 ??= this.#prepareClone3();
    const set = (field: number, value: number) => kernel().setWord(words + 8 * field, value);
    set(Clone3Field.flags, CLONE_INTO_CGROUP + (flags & ~EXIT_SIGNAL));
    set(Clone3Field.exitSignal, flags & EXIT_SIGNAL);
    set(Clone3Field.cgroup, group);
    calls.leadChild(CLONE, first);
    calls.set(CLOSE, 0, group);
    calls.run();
    this.#last = calls;
  }

  #prepareClone3(): { calls: PreparedCalls; words: number } {
    const memory = kernel(), words = memory.keep(8 * CLONE3_FIELDS);
    memory.setWord(words + 8 * Clone3Field.parentTid, this.tid);
    return { calls: callsAround(["clone3", words, 8 * CLONE3_FIELDS]), words };
  }

  /** The result of the last call, or −errno. A child that shares this memory may have overwritten it with its own, which is 0. */
  get result(): number {
    return this.#last.result(CLONE);
  }
}

/** The calls of a table: signals are blocked around the one that makes the child. */
function callsAround(clone: [name: CallName, ...args: number[]]): PreparedCalls {
  const memory = kernel(), all = memory.keep(8), old = memory.keep(8);
  memory.setWord(all, -1);
  return new PreparedCalls(
    ["rt_sigprocmask", SIG_SETMASK, all, old, SIGNAL_SET_SIZE],
    clone,
    ["rt_sigprocmask", SIG_SETMASK, old, 0, SIGNAL_SET_SIZE],
    ["close", -1],
  );
}
