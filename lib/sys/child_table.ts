/** The table of system calls that a child runs between clone and execve. */

import { LAST_SIGNAL } from "../model/signals.ts";
import type { CallName } from "./calls.ts";
import type { SpawnStep } from "./description.ts";
import { E2BIG, SystemError } from "./errno.ts";
import { type Argument, type Kernel, kernel } from "./kernel.ts";
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

/** Room for the rows and what they pass, more than execve(2) takes; pages that are not used cost nothing. */
const REGION_SIZE = 3 << 20;

const SIG_SETMASK = 2, SIGNAL_SET_SIZE = 8;
const AT_FDCWD = -100, O_WRONLY = 1, O_CLOEXEC = 0o2000000;

/** Room for the table of one child at a time, and which step each of its rows belongs to. */
export class ChildTable {
  /** The step that rows are added for. */
  step: SpawnStep = "fork";
  readonly #kernel = kernel();
  readonly #region = this.#kernel.region(REGION_SIZE);
  readonly #exit = this.#kernel.keep(ROW_SIZE);
  /** The address of the row that the child begins with. */
  readonly entry = signalReset(this.#kernel, this.#region.start);
  readonly #rows: { step: SpawnStep; tolerated: readonly number[] }[] = [];

  constructor() {
    this.#kernel.row(this.#exit, "exit", [127]);
  }

  /** Makes the table anew, of the rows that are added meanwhile. Throws SystemError (E2BIG) when they are too many. */
  fill(addRows: () => void): void {
    this.#rows.length = 0;
    this.#kernel.within(this.#region, () => {
      this.#kernel.begin(TABLE_ROWS * ROW_SIZE);
      addRows();
      this.#kernel.row(this.#address(this.#rows.length), "exit", [127]);
    });
  }

  /** Adds a row; an error that is not tolerated ends the child. */
  add(
    name: CallName,
    args: Argument[],
    options: { tolerated?: readonly number[]; into?: number } = {},
  ): void {
    const place = this.#rows.length;
    if (place + 1 >= TABLE_ROWS) throw new SystemError("start a process with so many steps", E2BIG);
    this.#kernel.row(this.#address(place), name, args, { failure: this.#exit, ...options });
    this.#rows.push({ step: this.step, tolerated: options.tolerated ?? [] });
  }

  /** The address of an argument of a row that is to come; `ahead` 0 is the one added next. */
  argument(ahead: number, index: number): number {
    return this.#address(this.#rows.length + ahead) + 8 * (Word.argument + index);
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

  /** What failed in a child that did not get through the table: the last row ended it, those before were tolerated. */
  failed(): FailedRow[] {
    const failed: FailedRow[] = [];
    for (let place = 0; place < this.#rows.length; place++) {
      const errno = -this.#kernel.word(this.#address(place) + 8 * Word.result);
      if (errno <= 0) continue;
      const { step, tolerated } = this.#rows[place]!;
      const index = place - this.#rows.findIndex((row) => row.step === step);
      failed.push({ step, index, errno, tolerated: tolerated.includes(errno) });
      // A row that nothing comes after ends the child whether it is tolerated or not.
      if (place === this.#rows.length - 1 || !tolerated.includes(errno)) return failed;
    }
    return [];
  }

  #address(place: number): number {
    return this.#region.start + place * ROW_SIZE;
  }
}

/**
 * Rows that give all signals their default dispositions (execve would leave ignored ones ignored) and then unblock
 * them, and lead to `next`. The address of the first.
 */
function signalReset(memory: Kernel, next: number): number {
  const first = memory.keep((LAST_SIGNAL + 1) * ROW_SIZE);
  const zeros = memory.keep(32);
  for (let signal = 1; signal <= LAST_SIGNAL; signal++) {
    const args = [signal, zeros, 0, SIGNAL_SET_SIZE];
    memory.row(first + (signal - 1) * ROW_SIZE, "rt_sigaction", args, { tolerated: "all" });
  }
  const unblock = [SIG_SETMASK, zeros, 0, SIGNAL_SET_SIZE];
  memory.row(first + LAST_SIGNAL * ROW_SIZE, "rt_sigprocmask", unblock, { zero: next });
  return first;
}
