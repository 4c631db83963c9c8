/** The table of system calls that a child runs between clone and execve. */

import { LAST_SIGNAL } from "../model/signals.ts";
import type { CallName } from "./calls.ts";
import type { SpawnStep } from "./description.ts";
import { E2BIG, SystemError } from "./errno.ts";
import { type Argument, call, type Kernel, kernel, type Region } from "./kernel.ts";
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
const TABLE_ROWS = 256;

const SIG_SETMASK = 2, SIGNAL_SET_SIZE = 8;
const AT_FDCWD = -100, O_WRONLY = 1, O_CLOEXEC = 0o2000000;

/** What a row is, but for its arguments. */
interface Row {
  name: CallName;
  step: SpawnStep;
  tolerated: readonly number[];
  into: number | undefined;
}

const NONE: readonly number[] = [];

/** The table of one child at a time. What it passes lies in a region, or where all passing data does. */
export class ChildTable {
  /** The step that rows are added for. */
  step: SpawnStep = "fork";
  readonly #kernel = kernel();
  readonly #table = this.#kernel.keep(TABLE_ROWS * ROW_SIZE);
  /** Where an error that is not tolerated leads. */
  readonly #failure = this.#kernel.keep(2 * ROW_SIZE);
  /** The address of the row that the child begins with. */
  readonly entry = signalReset(this.#kernel, this.#table);
  /** The rows, and behind them what is left of a longer table before this one. */
  readonly #rows: Row[] = [];
  #count = 0;

  constructor(private readonly region?: Region) {
    this.#kernel.row(this.#failure, "write", []);
    this.#kernel.row(this.#failure + ROW_SIZE, "exit", [127]);
  }

  /**
   * Makes the table anew, of the rows that are added meanwhile. A child that fails writes it into the pipe, see
   * {@link ChildTable.receive}. Throws SystemError (E2BIG) when there is no room.
   */
  fill(pipe: number, addRows: () => void): void {
    const fill = () => {
      this.#count = 0;
      addRows();
      this.#setPipe(pipe);
      this.#put("exit", [127]);
      this.#count--;
    };
    if (this.region) return this.#kernel.within(this.region, fill);
    this.#kernel.begin(0);
    fill();
  }

  /** Makes the table ready for another run of the same rows. */
  refill(pipe: number): void {
    for (let place = 0; place < this.#count; place++) {
      this.#kernel.setWord(this.#address(place) + 8 * Word.result, 0);
    }
    this.#setPipe(pipe);
  }

  #setPipe(pipe: number): void {
    this.#kernel.setArguments(this.#failure, [pipe, this.#table, this.#count * ROW_SIZE]);
  }

  /** Adds a row; an error that is not tolerated ends the child. */
  add(
    name: CallName,
    args: Argument[],
    { tolerated, into }: { tolerated?: readonly number[]; into?: number } = {},
  ): void {
    if (this.#count + 1 >= TABLE_ROWS) throw new SystemError("start a process with so many steps", E2BIG);
    this.#put(name, args, tolerated, into);
  }

  /** Most children are like the one before: then the row is there, and only its arguments are set. */
  #put(name: CallName, args: Argument[], tolerated = NONE, into?: number): void {
    const place = this.#count++, address = this.#address(place), { step } = this, row = this.#rows[place];
    if (row && row.name === name && row.tolerated === tolerated && row.into === into) {
      row.step = step;
      return this.#kernel.setArguments(address, args);
    }
    // Should there be no room for what is passed, the row is nothing to go by.
    this.#rows.length = Math.min(place, this.#rows.length);
    this.#kernel.row(address, name, args, {
      failure: this.#failure,
      tolerated,
      ...(into !== undefined && { into }),
    });
    this.#rows.push({ name, step, tolerated, into });
  }

  /** The address of an argument of a row that is to come; `ahead` 0 is the one added next. */
  argument(ahead: number, index: number): number {
    return this.#address(this.#count + ahead) + 8 * (Word.argument + index);
  }

  /** Passes 64-bit words. */
  words(values: number[]): number {
    const address = this.#kernel.room(values.length * 8);
    values.forEach((value, index) => this.#kernel.setWord(address + 8 * index, value));
    return address;
  }

  /** Passes a list of strings as execve(2) wants it. */
  vector(strings: string[]): number {
    return this.#kernel.copyAll(strings);
  }

  /** Adds the rows that write a text into a file. */
  writeFile(path: string, text: string): void {
    const bytes = new TextEncoder().encode(text);
    this.add("openat", [AT_FDCWD, path, O_WRONLY | O_CLOEXEC], { into: this.argument(1, 0) });
    this.add("write", [0, bytes, bytes.length]);
  }

  /** Takes over what calls returned in a child with memory of its own. */
  receive(pipe: number): void {
    call("read", pipe, this.#table, this.#count * ROW_SIZE);
  }

  /** What failed in a child that did not get through the table: the last row ended it, those before were tolerated. */
  failed(): FailedRow[] {
    const failed: FailedRow[] = [];
    for (let place = 0; place < this.#count; place++) {
      const errno = -this.#kernel.word(this.#address(place) + 8 * Word.result);
      if (errno <= 0) continue;
      const { step, tolerated } = this.#rows[place]!;
      const index = place - this.#rows.findIndex((row) => row.step === step);
      failed.push({ step, index, errno, tolerated: tolerated.includes(errno) });
      // A row that nothing comes after ends the child whether it is tolerated or not.
      if (place === this.#count - 1 || !tolerated.includes(errno)) return failed;
    }
    return [];
  }

  #address(place: number): number {
    return this.#table + place * ROW_SIZE;
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
