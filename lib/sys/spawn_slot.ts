/** A place for a child that is being started while this process goes on. */

import { close, pipe } from "./descriptors.ts";
import { call, kernel, required } from "./kernel.ts";
import { Child, type Outcome, type SpawnDescription, type SpawnResult } from "./spawn.ts";
import { ROW_SIZE, Word } from "./stub.ts";

/** A child that somebody wants, and who wants to know what comes of it. */
export interface Order {
  description: SpawnDescription;
  done: (result: SpawnResult) => void;
}

/** Room for what a child is passed, its environment above all, in bytes. For more there is {@link spawn}. */
const PASSED_SIZE = 48 << 10;

const CLONE_PARENT_SETTID = 0x100000;
const SIG_SETMASK = 2, SIGNAL_SET_SIZE = 8;

/**
 * One child at a time. It runs beside this process, in its memory and on its stack, which the table that it runs does
 * not touch. Of a pipe that nobody else holds it has the writing end, which execve(2) closes, or its own end.
 */
export class Slot {
  readonly #memory = kernel();
  readonly #child = new Child(this.#memory.region(PASSED_SIZE));
  /** Its pid. What clone(2) returns is no good: the child notes in the same place what it returned to it. */
  readonly #pid = this.#memory.keep(8);
  readonly #rows: readonly number[];
  /** What the child's table is for. */
  #described: SpawnDescription | undefined;
  #reader = -1;
  /** What it is for; undefined when there is no child. */
  order: Order | undefined;
  /** Since when (ms) there is one. */
  since = 0;

  constructor() {
    const memory = this.#memory,
      all = memory.keep(8),
      old = memory.keep(8),
      first = memory.keep(5 * ROW_SIZE);
    memory.setWord(all, -1);
    this.#rows = Array.from({ length: 5 }, (_, place) => first + place * ROW_SIZE);
    const [block, , unblock, , end] = this.#rows;
    // No handler of this process's may run in the child.
    memory.row(block!, "rt_sigprocmask", [SIG_SETMASK, all, old, SIGNAL_SET_SIZE]);
    memory.row(unblock!, "rt_sigprocmask", [SIG_SETMASK, old, 0, SIGNAL_SET_SIZE]);
    memory.endRow(end!);
  }

  /** The end of the pipe that hangs up when the child is past execve, or has ended. */
  get reader(): number {
    return this.#reader;
  }

  /** The child's pid, or −errno. */
  get pid(): number {
    return this.#memory.word(this.#pid) || this.#memory.word(this.#rows[1]! + 8 * Word.result);
  }

  /** Makes a child. Throws SystemError (E2BIG, EMFILE, ENFILE). */
  fill(order: Order): void {
    const memory = this.#memory, child = this.#child, [block, clone, , closing] = this.#rows;
    const { reader, writer } = openPipe(order.description.descriptors);
    try {
      // One that has died is often followed by its like.
      if (this.#described && isSame(this.#described, order.description)) child.repeat(writer);
      else {
        this.#described = undefined;
        child.describe(order.description, writer);
        this.#described = order.description;
      }
    } catch (error) {
      close(reader);
      close(writer);
      throw error;
    }
    memory.setWord(this.#pid, 0);
    memory.row(clone!, "clone", [child.flags | CLONE_PARENT_SETTID, 0, this.#pid], { zero: child.entry });
    memory.row(closing!, "close", [writer]);
    memory.run(block!);
    this.#reader = reader;
    this.order = order;
    this.since = performance.now();
  }

  /** Frees the slot; what has come of the child. To be called when the pipe has hung up. */
  empty(): Outcome {
    const outcome = this.#child.outcome(this.pid, this.#reader);
    close(this.#reader);
    this.order = undefined;
    return outcome;
  }
}

function isSame(one: SpawnDescription, other: SpawnDescription): boolean {
  // Most differ in their environments.
  return one.environment.every((pair, index) => pair === other.environment[index]) &&
    JSON.stringify(one) === JSON.stringify(other);
}

/** A pipe whose writing end the child is not given another descriptor in the place of. */
function openPipe(descriptors: SpawnDescription["descriptors"]): { reader: number; writer: number } {
  const { reader, writer } = pipe();
  if (!(writer in descriptors)) return { reader, writer };
  const F_DUPFD_CLOEXEC = 1030, free = Math.max(...Object.keys(descriptors).map(Number)) + 1;
  const moved = call("fcntl", writer, F_DUPFD_CLOEXEC, free);
  close(writer);
  if (moved < 0) close(reader);
  return { reader, writer: required("move a descriptor", moved) };
}
