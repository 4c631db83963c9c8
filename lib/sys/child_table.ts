/** The table of system calls that a child runs between vfork and execve. */

import { LAST_SIGNAL } from "../model/signals.ts";
import type { CallName } from "./calls.ts";
import type { SpawnStep } from "./description.ts";
import { E2BIG, SystemError } from "./errno.ts";
import { type Argument, type Kernel, kernel, type RowOptions } from "./kernel.ts";
import { ROW_SIZE, Word } from "./stub.ts";

/** A row that failed. */
export interface FailedRow {
  step: SpawnStep;
  /** Its place among the rows of its step. */
  index: number;
  errno: number;
  tolerated: boolean;
}

/** Far more rows than any description needs. */
const TABLE_ROWS = 1024;

/** The parent's rows, in front of the child's. */
const PARENT = { block: 0, clone: 1, unblock: 2, end: 3, exit: 4, child: 5 };

const SIG_SETMASK = 2, SIGNAL_SET_SIZE = 8;
const AT_FDCWD = -100, O_WRONLY = 1, O_CLOEXEC = 0o2000000;

/** A table being filled, and which step each of its rows belongs to. There is room for one at a time. */
export class ChildTable {
  /** The step that rows are added for. */
  step: SpawnStep = "fork";
  readonly #kernel = kernel();
  readonly #start = this.#kernel.begin(TABLE_ROWS * ROW_SIZE);
  readonly #rows: { step: SpawnStep; tolerated: readonly number[] }[] = [];

  /** Adds a row; an error that is not tolerated ends the child. */
  add(
    name: CallName,
    args: Argument[],
    options: { tolerated?: readonly number[]; into?: number } = {},
  ): void {
    const place = PARENT.child + this.#rows.length;
    if (place + 1 >= TABLE_ROWS) throw new SystemError("start a process with so many steps", E2BIG);
    this.#kernel.row(this.#address(place), name, args, { failure: this.#address(PARENT.exit), ...options });
    this.#rows.push({ step: this.step, tolerated: options.tolerated ?? [] });
  }

  /** The address of an argument of a row that is to come; `ahead` 0 is the one added next. */
  argument(ahead: number, index: number): number {
    return this.#address(PARENT.child + this.#rows.length + ahead) + 8 * (Word.argument + index);
  }

  /** Passes 64-bit words. */
  words(values: number[]): number {
    const address = this.#kernel.room(values.length * 8);
    values.forEach((value, index) => this.#kernel.setWord(address + 8 * index, value));
    return address;
  }

  /** Passes a list of strings as execve(2) wants it. */
  vector(strings: string[]): number {
    return this.words([...strings.map((text) => this.#kernel.copy(text)), 0]);
  }

  /** Adds the rows that write a text into a file. */
  writeFile(path: string, text: string): void {
    const bytes = new TextEncoder().encode(text);
    this.add("openat", [AT_FDCWD, path, O_WRONLY | O_CLOEXEC], { into: this.argument(1, 0) });
    this.add("write", [0, bytes, bytes.length]);
  }

  /**
   * Makes the child and lets it run up to execve. Its pid, or −errno. Signals are blocked meanwhile, so that no
   * handler of this process runs in the child.
   */
  run(cloneFlags: number): number {
    const all = this.words([-1]), old = this.words([0]);
    const row = (place: number, name: CallName, args: number[], options?: RowOptions) =>
      this.#kernel.row(this.#address(place), name, args, options);
    row(PARENT.block, "rt_sigprocmask", [SIG_SETMASK, all, old, SIGNAL_SET_SIZE]);
    row(PARENT.clone, "clone", [cloneFlags], {
      zero: signalReset(this.#kernel, this.#address(PARENT.child)),
    });
    row(PARENT.unblock, "rt_sigprocmask", [SIG_SETMASK, old, 0, SIGNAL_SET_SIZE]);
    this.#kernel.endRow(this.#address(PARENT.end));
    row(PARENT.exit, "exit", [127]);
    row(PARENT.child + this.#rows.length, "exit", [127]);
    this.#kernel.run(this.#address(PARENT.block));
    return this.#result(PARENT.clone);
  }

  /** What failed in a child that did not get through the table: the last row ended it, those before were tolerated. */
  failed(): FailedRow[] {
    const failed = this.#rows.flatMap(({ step, tolerated }, place) => {
      const errno = -this.#result(PARENT.child + place);
      const index = place - this.#rows.findIndex((row) => row.step === step);
      return errno > 0 ? [{ step, index, errno, tolerated: tolerated.includes(errno), place }] : [];
    });
    const last = failed.at(-1);
    return last && (!last.tolerated || last.place === this.#rows.length - 1) ? failed : [];
  }

  #address(place: number): number {
    return this.#start + place * ROW_SIZE;
  }

  #result(place: number): number {
    return this.#kernel.word(this.#address(place) + 8 * Word.result);
  }
}

let resetRows: number | undefined;

/**
 * The rows, made once, that give all signals their default dispositions (execve would leave ignored ones ignored)
 * and then unblock them. The address of the first; the last leads to `next`, always the same row.
 */
function signalReset(memory: Kernel, next: number): number {
  if (resetRows !== undefined) return resetRows;
  const first = resetRows = memory.keep((LAST_SIGNAL + 1) * ROW_SIZE);
  const zeros = memory.keep(32);
  for (let signal = 1; signal <= LAST_SIGNAL; signal++) {
    const args = [signal, zeros, 0, SIGNAL_SET_SIZE];
    memory.row(first + (signal - 1) * ROW_SIZE, "rt_sigaction", args, { tolerated: "all" });
  }
  const unblock = [SIG_SETMASK, zeros, 0, SIGNAL_SET_SIZE];
  memory.row(first + LAST_SIGNAL * ROW_SIZE, "rt_sigprocmask", unblock, { zero: next });
  return first;
}
