/** Threads of machine code: what the stub of lib/sys/call/stub.ts does with a table of system calls, row by row. */

import { type CallName, callNumber, NUMBERS } from "../../../lib/sys/call/numbers.ts";
import { ROW_SIZE, RowField } from "../../../lib/sys/call/stub.ts";
import type { Kernel } from "./kernel.ts";
import type { Memory } from "./memory.ts";
import { EAGAIN, EIO } from "./open_file.ts";
import type { Process } from "./process.ts";

/** A call that has to wait. `wake` with a result ends it; without one, it is made again. */
export interface Blocked {
  wait(wake: (result?: number) => void): void;
}

/** A system call that is made. */
export interface Call {
  kernel: Kernel;
  thread: Thread;
  process: Process;
  memory: Memory;
  args: number[];
}

/** What the simulated kernel does on a system call. */
export type Handler = (call: Call) => number | Blocked;

/** The names of the system calls by their numbers. */
const NAMES = new Map((Object.keys(NUMBERS) as CallName[]).map((name) => [callNumber(name), name]));

/** The result of a call that never returns: the program is gone. */
export const GONE = -0x1000;

/** How long a child takes from one start to the next, and to its end, in ms. */
const START_DELAY = [0.02, 0.4] as const;

/** A thread, or a child of clone(2) until it executes a program. */
export class Thread {
  /** @param program Which of the process's programs it is a thread of. */
  constructor(
    readonly kernel: Kernel,
    readonly process: Process,
    readonly memory: Memory,
    private row: number,
    private readonly program = process.programs,
  ) {}

  /** Runs, a moment later, until it ends or waits. */
  start(begin: () => void): void {
    const { clock, random } = this.kernel;
    clock.after(random.between(...START_DELAY), () => {
      begin();
      this.run();
    });
  }

  get #isOver(): boolean {
    return this.process.hasEnded || this.process.programs !== this.program;
  }

  run(): void {
    if (this.process.isStopped) return void this.process.onContinue.push(() => this.run());
    while (!this.#isOver) {
      const result = this.#step();
      if (typeof result === "number") {
        if (this.#advance(result)) continue;
        return;
      }
      return result.wait((final) => {
        if (this.#isOver) return;
        this.kernel.clock.after(0.01, () => {
          if (this.#isOver) return;
          if (final === undefined || this.#advance(final)) this.run();
        });
      });
    }
  }

  /** Runs a table for a program that waits for that. A call that would wait is a fault: init's loop never does. */
  runNow(): void {
    while (!this.#isOver) {
      let result = this.#step();
      if (typeof result !== "number") {
        this.kernel.violated(
          "init's loop never waits",
          `it would wait in ${this.#name}(${this.#args.join()})`,
        );
        result = EAGAIN;
      }
      if (!this.#advance(result)) break;
    }
    // The program is gone, but goes on to the end of what it does now: nothing that it asks for is done.
    if (this.#isOver) { while (this.#number >= 0 && this.#advance(EIO)); }
  }

  get #number(): number {
    return this.memory.word(this.row);
  }

  get #name(): CallName | undefined {
    return NAMES.get(this.#number);
  }

  get #args(): number[] {
    return Array.from(
      { length: 6 },
      (_, index) => this.memory.word(this.row + 8 * (RowField.argument + index)),
    );
  }

  /** Makes the call of the present row. */
  #step(): number | Blocked {
    if (this.#number < 0) return GONE;
    const { kernel, process, memory } = this, name = this.#name;
    if (!name) throw new Error(`Unable to simulate system call ${this.#number}: it has no name`);
    const args = this.#args;
    const injected = kernel.faults.inject(name, process, args);
    const result = injected ?? kernel.call(name, { kernel, thread: this, process, memory, args });
    if (typeof result === "number") kernel.trace(process.pid, name, result);
    return result;
  }

  /** Goes to the next row. False at the end of the table. */
  #advance(result: number): boolean {
    if (result === GONE || this.#number < 0) return false;
    const { memory, row } = this,
      field = (name: keyof typeof RowField) => memory.word(row + 8 * RowField[name]);
    memory.setWord(row + 8 * RowField.result, result);
    memory.setWord(field("into"), result);
    this.row = this.#next(result, field);
    return true;
  }

  #next(result: number, field: (name: keyof typeof RowField) => number): number {
    if (result === 0) return field("zero");
    if (result > 0) return this.row + ROW_SIZE;
    const tolerated = this.memory.at(this.row + 8 * RowField.tolerated, 8).readBigUInt64LE(0);
    const isTolerated = -result < 64 && (tolerated >> BigInt(-result) & 1n) === 1n;
    return isTolerated ? this.row + ROW_SIZE : field("failure");
  }

  /** What clone(2) makes at this row: it begins at the row for the result 0, which it finds, too. */
  fork(process: Process, memory: Memory): { thread: Thread; begin: () => void } {
    const { row } = this;
    const begin = () => {
      memory.setWord(row + 8 * RowField.result, 0);
      memory.setWord(memory.word(row + 8 * RowField.into), 0);
    };
    return { thread: new Thread(this.kernel, process, memory, memory.word(row + 8 * RowField.zero)), begin };
  }
}
