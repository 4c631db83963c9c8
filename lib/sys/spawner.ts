/**
 * Starting processes without waiting for it. The children run beside this process until they are past execve, each
 * with a table of system calls of its own. A file system that does not answer keeps nobody waiting but that child.
 */

import { Epoll } from "./epoll.ts";
import { E2BIG, SystemError } from "./errno.ts";
import { poller } from "./poller.ts";
import { failureOf, spawn, type SpawnDescription, type SpawnResult } from "./spawn.ts";
import { type Order, Slot } from "./spawn_slot.ts";

/** How many children there may be at a time that are not stuck, and how many in all. */
const AT_ONCE = 16, MOST = 32;

/** How long it may take a child to start, in ms, until it is not waited for in passing; and until it counts as stuck. */
const SLOW = 2, STUCK = 1000;

/** Starts processes. */
export class Spawner {
  readonly #free: Slot[] = [];
  /** Slots with children, the oldest first. */
  readonly #taken: Slot[] = [];
  readonly #waiting: Order[] = [];
  /** The slots' pipes. */
  readonly #pipes = new Epoll();
  /** There while orders wait, perhaps for stuck children. */
  #watch: ReturnType<typeof setTimeout> | undefined;
  /** There while there are children, and nobody listens to their pipes. */
  #soon: ReturnType<typeof setTimeout> | undefined;
  #listens = false;

  /**
   * Starts a process; `done` is called once it executes its program, or has failed to, and nothing is left of it: at the
   * latest during {@link Spawner.changed} for its pid.
   */
  start(description: SpawnDescription, done: (result: SpawnResult) => void): void {
    this.#waiting.push({ description, done });
    if (this.#taken.length < AT_ONCE) this.#place();
    else this.collect();
  }

  /** Tells what has come of the children so far. It happens by itself, too. */
  collect(): void {
    this.#settleOver(0);
    this.#place();
  }

  /** To be called when {@link reap} tells of a child, before anything is made of that: it may be one of these. */
  changed(pid: number): void {
    // One that was merely stopped may not be past execve, and still need its slot.
    if (this.#taken.some((slot) => slot.pid === pid)) this.collect();
  }

  /** How many children are being started. */
  get count(): number {
    return this.#waiting.length + this.#taken.length;
  }

  /**
   * Waits until a child has started, or a signal has come; a few ms at most. To be called when there is nothing else to
   * do. False when there are only children that take long, or none.
   */
  doze(): boolean {
    const last = this.#taken.at(-1);
    const left = last ? SLOW - age(last) : 0;
    if (left <= 0) return false;
    this.#settleOver(Math.ceil(left));
    this.#place();
    return true;
  }

  /** Waits at most so many ms for the first child that is not stuck, and tells what has come of all. */
  await(time: number): void {
    const first = this.#taken.find((slot) => age(slot) < STUCK), order = first?.order;
    const end = performance.now() + time;
    // A signal ends the wait early, and so does another child.
    for (let left = time; left > 0 && order && first?.order === order; left = end - performance.now()) {
      this.#settleOver(Math.ceil(left));
    }
    this.collect();
  }

  #place(): void {
    for (let order; (order = this.#waiting[0]);) {
      const slot = this.#freeSlot();
      if (!slot) return this.#watchForStuck();
      this.#waiting.shift();
      try {
        slot.fill(order);
      } catch (error) {
        this.#free.push(slot);
        // For a very large environment there is room elsewhere, but for one child alone.
        const isLarge = error instanceof SystemError && error.errno === E2BIG;
        order.done(isLarge ? spawn(order.description) : failureOf(error));
        continue;
      }
      this.#taken.push(slot);
      this.#pipes.add(slot.reader);
      // It may be a debugger's for hours.
      if (order.description.stopped) this.#settle(slot);
      else if (!this.#listens) this.#soon ??= setTimeout(this.#look, SLOW);
    }
  }

  #freeSlot(): Slot | undefined {
    const stuck = this.#taken.length < AT_ONCE ? 0 : this.#taken.filter((slot) => age(slot) >= STUCK).length;
    if (this.#taken.length >= Math.min(AT_ONCE + stuck, MOST)) return undefined;
    return this.#free.pop() ?? new Slot();
  }

  /** Sees to it that what waits does not wait for stuck children alone. */
  #watchForStuck(): void {
    this.#watch ??= setTimeout(() => {
      this.#watch = undefined;
      this.collect();
    }, STUCK);
  }

  /** Listens to the pipes when there is a child that takes long. Others are found to have started in passing. */
  readonly #look = (): void => {
    this.#soon = undefined;
    this.collect();
    const [first] = this.#taken;
    if (!first || this.#listens) return;
    if (age(first) < SLOW) this.#soon ??= setTimeout(this.#look, SLOW);
    else {
      this.#listens = true;
      poller().watch(this.#pipes.descriptor, () => this.collect());
    }
  };

  #silence(): void {
    this.#listens = false;
    poller().unwatch(this.#pipes.descriptor);
  }

  /** Waits at most so many ms until a pipe hangs up, and tells what has come of the children. */
  #settleOver(time: number): void {
    if (this.#taken.length === 0) return;
    const readers = this.#pipes.wait(time);
    const over = this.#taken.filter(({ reader }) => readers.includes(reader));
    const orders = over.map(({ order }) => order);
    // What is told of one may lead to anything, also to another child in the next one's slot.
    over.forEach((slot, index) => slot.order === orders[index] && this.#settle(slot));
  }

  /** Tells what has come of a slot's child; the slot is free then. */
  #settle(slot: Slot): void {
    const order = slot.order!;
    this.#taken.splice(this.#taken.indexOf(slot), 1);
    this.#pipes.remove(slot.reader);
    const outcome = slot.empty();
    this.#free.push(slot);
    if (this.#listens && this.#taken.length === 0) this.#silence();
    if ("next" in outcome) this.#waiting.unshift({ ...order, description: outcome.next });
    else order.done(outcome);
  }
}

/** For how long (ms) a slot has had its child. */
function age({ since }: Slot): number {
  return performance.now() - since;
}
