/** A place for a child that a thread is to make, and the system calls that the thread does there. */

import process from "node:process";
import { EAGAIN } from "./errno.ts";
import { call, kernel } from "./kernel.ts";
import { Child, type Outcome, type SpawnDescription, type SpawnResult } from "./spawn.ts";
import { ROW_SIZE, Word } from "./stub.ts";

/** A child that somebody wants, and who wants to know what comes of it. */
export interface Order {
  description: SpawnDescription;
  done: (result: SpawnResult) => void;
}

/** Room for what a child is passed, its environment above all, in bytes. For more there is {@link spawn}. */
const PASSED_SIZE = 128 << 10;

/** The bell that the thread rings. A signal that is ignored by default, so that one too many does no harm. */
export const BELL = "SIGURG";
const SIGURG = 23;

const CLONE_PARENT_SETTID = 0x100000;
const FUTEX_WAIT_PRIVATE = 128, FUTEX_WAKE_PRIVATE = 129;

/** The thread's rows for a slot, in their order; see {@link Slot.link}. */
const ROWS = ["wait", "clone", "clear", "end", "wake", "goOn", "ring", "look", "goOnToo"] as const;

/** One of the slots that a thread goes round through. */
export class Slot {
  /** Made for the first child: most slots are never needed. */
  #child: Child | undefined;
  /** Who is still to be told; undefined once that is done. */
  order: Order | undefined;
  readonly #memory = kernel();
  /** Words: 1 while there is a child to be made; the child's pid from before it runs; not 0 when it is over. */
  readonly #ready = this.#memory.keep(8);
  readonly #pid = this.#memory.keep(8);
  readonly #over = this.#memory.keep(8);
  readonly #timeout = this.#memory.keep(16);
  readonly #noTime = this.#memory.keep(16);
  /** The addresses of the thread's rows. */
  readonly #rows: Readonly<Record<typeof ROWS[number], number>>;

  constructor() {
    const first = this.#memory.keep(ROWS.length * ROW_SIZE);
    const entries = ROWS.map((name, place) => [name, first + place * ROW_SIZE]);
    this.#rows = Object.fromEntries(entries);
  }

  /** The address of the row that the thread begins with here. */
  get entry(): number {
    return this.#rows.wait;
  }

  /** The child's pid, or −errno; 0 while there is none. */
  get pid(): number {
    return this.#memory.word(this.#rows.clone + 8 * Word.result) || this.#memory.word(this.#pid);
  }

  /** True once the thread is done with the child. */
  get isOver(): boolean {
    return this.#memory.word(this.#over) !== 0;
  }

  /**
   * Makes the thread's rows: it waits until there is a child, makes it, notes that it is over, wakes who waits for that,
   * and rings unless it goes on with another child at once.
   */
  link(next: Slot): void {
    const memory = this.#memory, { wait, clear, end, wake, goOn, ring, look, goOnToo } = this.#rows;
    const again = { zero: wait, failure: wait }, onward = { zero: next.entry, failure: next.entry };
    const ifThereIsAChild = { tolerated: [EAGAIN] };
    memory.row(wait, "futex", [this.#ready, FUTEX_WAIT_PRIVATE, 0], { ...ifThereIsAChild, ...again });
    // These two return what is to be stored: 0, and a pid.
    memory.row(clear, "sched_yield", [], { zero: end, into: this.#ready });
    memory.row(end, "getpid", [], { into: this.#over });
    memory.row(wake, "futex", [this.#over, FUTEX_WAKE_PRIVATE, 1], { zero: look, failure: look });
    memory.row(goOn, "sched_yield", [], onward);
    memory.row(ring, "kill", [process.pid, SIGURG], onward);
    memory.row(look, "futex", [next.#ready, FUTEX_WAIT_PRIVATE, 0, this.#noTime], {
      ...ifThereIsAChild,
      zero: ring,
      failure: ring,
    });
    memory.row(goOnToo, "sched_yield", [], onward);
  }

  /** Has the thread make a child. Throws SystemError (E2BIG). */
  fill(order: Order): void {
    const memory = this.#memory, child = this.#child ??= new Child(memory.region(PASSED_SIZE));
    child.describe(order.description);
    this.order = order;
    memory.setWord(this.#pid, 0);
    memory.setWord(this.#over, 0);
    // The pid is noted before the child runs: it may have ended before this thread knows of it.
    const args = [child.cloneFlags | CLONE_PARENT_SETTID, 0, this.#pid];
    memory.row(this.#rows.clone, "clone", args, { zero: child.entry });
    memory.publish(this.#ready, 1);
    call("futex", this.#ready, FUTEX_WAKE_PRIVATE, 1);
  }

  /** What has come of the child. */
  outcome(): Outcome {
    return this.#child!.outcome(this.pid);
  }

  /** Waits until it is over, at most so many ms. */
  await(time: number): void {
    const end = performance.now() + time;
    // A signal ends the wait early.
    for (let left = time; left > 0 && !this.isOver; left = end - performance.now()) {
      this.#memory.setWord(this.#timeout, Math.floor(left / 1000));
      this.#memory.setWord(this.#timeout + 8, Math.floor(left % 1000 * 1e6));
      call("futex", this.#over, FUTEX_WAIT_PRIVATE, 0, this.#timeout);
    }
  }
}
