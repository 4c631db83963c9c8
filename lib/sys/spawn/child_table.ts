/** The table of system calls that a child runs between clone(2) and execve(2). */

import { LAST_SIGNAL } from "../../model/signals.ts";
import type { CallName } from "../call/numbers.ts";
import type { SpawnStep } from "./description.ts";
import { E2BIG, SystemError } from "../call/errno.ts";
import { call, type CallArgument, type Kernel, kernel, type MemoryRegion } from "../call/kernel.ts";
import { ROW_SIZE, RowField } from "../call/stub.ts";

/** A row that failed. */
export interface FailedRow {
  step: SpawnStep;
  /** Its index among the rows of its step. */
  index: number;
  errno: number;
  tolerated: boolean;
}

/** The room of a table: far more rows than any description needs. */
const TABLE_ROWS = 256;

const SIG_SETMASK = 2, SIGNAL_SET_SIZE = 8;
const AT_FDCWD = -100, O_WRONLY = 1, O_CLOEXEC = 0o2000000;

/** A row without its arguments. */
interface Row {
  name: CallName;
  step: SpawnStep;
  tolerated: readonly number[];
  into: number | undefined;
}

const NONE: readonly number[] = [];

/** The table of one child at a time. Its passing data lie in a region of their own, or with all other passing data. */
export class ChildTable {
  /** The step that rows are added for. */
  step: SpawnStep = "fork";
  readonly #kernel = kernel();
  readonly #table = this.#kernel.keep(TABLE_ROWS * ROW_SIZE);
  /** The address of the row that an error which is not tolerated leads to. */
  readonly #failure = this.#kernel.keep(2 * ROW_SIZE);
  /** The address of the child's first row. */
  readonly entry = signalReset(this.#kernel, this.#table);
  /** The rows, followed by those left from an earlier, longer table. */
  readonly #rows: Row[] = [];
  #count = 0;

  /**
   * @param region Where the passing data lie
   * @param inPlace This process runs the table itself, and goes on when a row has failed
   */
  constructor(private readonly region?: MemoryRegion, private readonly inPlace = false) {
    if (inPlace) this.#kernel.endRow(this.#failure);
    else {
      this.#kernel.row(this.#failure, "write", []);
      this.#kernel.row(this.#failure + ROW_SIZE, "exit", [127]);
    }
  }

  /** The address of the first row behind those that set all signals to their defaults. */
  get first(): number {
    return this.#table;
  }

  /**
   * Fills the table with the rows that a function adds. A child that fails writes the table into the pipe, see
   * {@link ChildTable.receive}.
   * @throws {SystemError} E2BIG when there is no room.
   */
  fill(pipe: number, addRows: () => void): void {
    const fill = () => {
      this.#count = 0;
      addRows();
      if (this.inPlace) return this.#kernel.endRow(this.#address(this.#count));
      const count = this.#count;
      // Where only tolerated errors have come, no row has led to the failure.
      this.#put("write", []);
      this.#put("exit", [127]);
      this.#count = count;
      this.#setPipe(pipe);
    };
    if (this.region) return this.#kernel.within(this.region, fill);
    this.#kernel.begin(0);
    fill();
  }

  /** Prepares the table for another run of the same rows. */
  refill(pipe: number): void {
    for (let place = 0; place < this.#count; place++) {
      this.#kernel.setWord(this.#address(place) + 8 * RowField.result, 0);
    }
    this.#setPipe(pipe);
  }

  #setPipe(pipe: number): void {
    for (const row of [this.#failure, this.#address(this.#count)]) {
      this.#kernel.setArguments(row, [pipe, this.#table, this.#count * ROW_SIZE]);
    }
  }

  /**
   * Adds a row. An error that is not tolerated ends the child.
   * @throws {SystemError} E2BIG when there is no room.
   */
  add(
    name: CallName,
    args: CallArgument[],
    { tolerated, into }: { tolerated?: readonly number[]; into?: number } = {},
  ): void {
    if (this.#count + 2 >= TABLE_ROWS) throw new SystemError("start a process with so many steps", E2BIG);
    this.#put(name, args, tolerated, into);
  }

  /** Adds a row. Most children are like the one before: then the row is there already, and only its arguments are set. */
  #put(name: CallName, args: CallArgument[], tolerated = NONE, into?: number): void {
    const place = this.#count++, address = this.#address(place), { step } = this, row = this.#rows[place];
    if (row && row.name === name && row.tolerated === tolerated && row.into === into) {
      row.step = step;
      return this.#kernel.setArguments(address, args);
    }
    // When there is no room for the passing data, the row must not be taken for a complete one.
    this.#rows.length = Math.min(place, this.#rows.length);
    this.#kernel.row(address, name, args, {
      failure: this.#failure,
      tolerated,
      ...(into !== undefined && { into }),
    });
    this.#rows.push({ name, step, tolerated, into });
  }

  /** The address of an argument of a row that will be added; `ahead` 0 means the next one. */
  argument(ahead: number, index: number): number {
    return this.#address(this.#count + ahead) + 8 * (RowField.argument + index);
  }

  /** Copies 64-bit words to passing data, and gives their address. */
  words(values: number[]): number {
    const address = this.#kernel.room(values.length * 8);
    values.forEach((value, index) => this.#kernel.setWord(address + 8 * index, value));
    return address;
  }

  /** Copies bytes to passing data, and gives their address. */
  bytes(data: Uint8Array): number {
    return this.#kernel.copy(data);
  }

  /** Copies a list of strings to passing data, as execve(2) takes it, and gives its address. */
  vector(strings: string[]): number {
    return this.#kernel.copyAll(strings);
  }

  /** Adds the rows that write a text into a file. */
  writeFile(path: string, text: string): void {
    const bytes = new TextEncoder().encode(text);
    this.add("openat", [AT_FDCWD, path, O_WRONLY | O_CLOEXEC], { into: this.argument(1, 0) });
    this.add("write", [0, bytes, bytes.length]);
  }

  /** Reads the results of a child that has memory of its own from the pipe. */
  receive(pipe: number): void {
    call("read", pipe, this.#table, this.#count * ROW_SIZE);
  }

  /** The rows that failed in a child that did not execute its program: the last ended it, the others were tolerated. */
  failed(): FailedRow[] {
    const failed: FailedRow[] = [];
    for (let place = 0; place < this.#count; place++) {
      const errno = -this.#kernel.word(this.#address(place) + 8 * RowField.result);
      if (errno <= 0) continue;
      const { step, tolerated } = this.#rows[place]!;
      const index = place - this.#rows.findIndex((row) => row.step === step);
      failed.push({ step, index, errno, tolerated: tolerated.includes(errno) });
      // An error of the last row ends the child even if it is tolerated.
      if (place === this.#count - 1 || !tolerated.includes(errno)) return failed;
    }
    return [];
  }

  #address(place: number): number {
    return this.#table + place * ROW_SIZE;
  }
}

/** The rows of the first {@link signalReset}, of which the others are copies: that is faster. */
let firstReset: number | undefined;

/**
 * Makes rows that set all signals to their default dispositions (execve(2) would leave ignored ones ignored), unblock
 * them and lead to `next`. Gives the address of the first.
 */
function signalReset(memory: Kernel, next: number): number {
  const count = LAST_SIGNAL + 1, first = memory.keep(count * ROW_SIZE);
  if (firstReset !== undefined) {
    memory.copyRows(firstReset, first, count);
    memory.setWord(first + LAST_SIGNAL * ROW_SIZE + 8 * RowField.zero, next);
    return first;
  }
  firstReset = first;
  const zeros = memory.keep(32);
  for (let signal = 1; signal <= LAST_SIGNAL; signal++) {
    const args = [signal, zeros, 0, SIGNAL_SET_SIZE];
    memory.row(first + (signal - 1) * ROW_SIZE, "rt_sigaction", args, { tolerated: "all" });
  }
  const unblock = [SIG_SETMASK, zeros, 0, SIGNAL_SET_SIZE];
  memory.row(first + LAST_SIGNAL * ROW_SIZE, "rt_sigprocmask", unblock, { zero: next });
  return first;
}
