/**
 * Starting processes without waiting for it: a thread, which is nothing but a table of system calls, makes the children
 * and waits until they are past execve, and this process goes on meanwhile. A file system that does not answer keeps
 * nobody waiting but that child and the few behind it: after a while there is another thread for the others.
 */

import process from "node:process";
import { BELL, type Order, Slot } from "./spawn_slot.ts";
import { spawn, type SpawnDescription, type SpawnResult } from "./spawn.ts";
import { SystemError } from "./errno.ts";
import { startThread } from "./thread.ts";

/** How many children may be described ahead of the first thread; the others take one at a time. */
const SLOTS = 4;

/** How long a child may take, in ms, until its thread counts as stuck; and how many threads there may be. */
const STUCK = 1000, MOST_THREADS = 16;

/** Starts processes in threads of its own. */
export class Spawner {
  readonly #lanes: Lane[] = [];
  readonly #waiting: Order[] = [];
  /** There while a thread is looked after that may be stuck. */
  #watch: ReturnType<typeof setTimeout> | undefined;

  constructor() {
    process.on(BELL, () => this.collect());
  }

  /**
   * Starts a process; `done` is called once it executes its program, or has failed to, and nothing is left of it: at the
   * latest during {@link Spawner.changed} for its pid.
   */
  start(description: SpawnDescription, done: (result: SpawnResult) => void): void {
    this.#waiting.push({ description, done });
    this.#place();
  }

  /** Tells what has come of the children so far. It happens by itself, too. */
  collect(): void {
    for (const lane of this.#lanes) {
      for (let slot; (slot = lane.takeOver());) this.#settle(slot);
    }
    this.#place();
  }

  /** To be called when {@link reap} tells of a child, before anything is made of that: it may be one of these. */
  changed(pid: number): void {
    for (const lane of this.#lanes) {
      const slot = lane.find(pid);
      if (slot) return this.#settle(slot);
    }
  }

  /** How many children are being started. */
  get count(): number {
    let count = this.#waiting.length;
    for (const lane of this.#lanes) count += lane.count;
    return count;
  }

  /**
   * Waits at most so many ms for the child that is being started, unless its thread is stuck, and tells what has come
   * of the children. A child that runs already has started then, even if its thread did not get its turn yet.
   */
  await(time: number): void {
    for (const { count, isStuck, oldest } of this.#lanes) if (count > 0 && !isStuck) oldest.await(time);
    this.collect();
  }

  #place(): void {
    for (let order; (order = this.#waiting[0]);) {
      try {
        const lane = this.#freeLane();
        if (!lane) return this.#watchThreads();
        lane.put(order);
        this.#waiting.shift();
      } catch (error) {
        if (!(error instanceof SystemError)) throw error;
        // There can be no thread, or the environment is very large: then it is waited for.
        this.#waiting.shift();
        order.done(spawn(order.description));
      }
    }
  }

  /** A thread that can be given a child. The first is started when it is needed; throws SystemError when it cannot be. */
  #freeLane(): Lane | undefined {
    if (this.#lanes.length === 0) this.#lanes.push(new Lane(SLOTS));
    return this.#lanes.find(({ isFull, isStuck }) => !isFull && !isStuck);
  }

  /** Sees to it that what waits does not wait for stuck threads alone. */
  #watchThreads(): void {
    this.#watch ??= setTimeout(() => {
      this.#watch = undefined;
      try {
        const allStuck = this.#lanes.every(({ isStuck }) => isStuck);
        if (allStuck && this.#lanes.length < MOST_THREADS) this.#lanes.push(new Lane(1));
      } catch {
        // No more threads can be had. It is tried again.
      }
      this.#place();
    }, STUCK);
  }

  /** Tells what has come of a slot's child, once. */
  #settle(slot: Slot): void {
    const { order } = slot;
    if (!order) return;
    slot.order = undefined;
    const outcome = slot.outcome();
    if ("next" in outcome) this.#waiting.unshift({ ...order, description: outcome.next });
    else order.done(outcome);
  }
}

/** A thread and the slots that it goes round through. */
class Lane {
  readonly #slots: Slot[];
  /** How many orders were put into slots, and how many have left them, since the beginning. */
  #placed = 0;
  #left = 0;
  /** Since when the oldest is the oldest, in ms. */
  #since = 0;

  constructor(slots: number) {
    this.#slots = Array.from({ length: slots }, () => new Slot());
    this.#slots.forEach((slot, index) => slot.link(this.#slots[(index + 1) % slots]!));
    startThread(this.#slots[0]!.entry);
  }

  /** How many slots are taken. */
  get count(): number {
    return this.#placed - this.#left;
  }

  /** The slot that the thread is at, if any is taken. */
  get oldest(): Slot {
    return this.#slot(this.#left);
  }

  get isFull(): boolean {
    return this.count === this.#slots.length;
  }

  get isStuck(): boolean {
    return this.count > 0 && !this.oldest.isOver && performance.now() - this.#since > STUCK;
  }

  /** Throws SystemError (E2BIG). There must be a free slot. */
  put(order: Order): void {
    this.#slot(this.#placed).fill(order);
    if (this.count === 0) this.#since = performance.now();
    this.#placed++;
  }

  /** Frees the oldest slot if the thread is done with it, and gives it. */
  takeOver(): Slot | undefined {
    const slot = this.oldest;
    if (this.count === 0 || !slot.isOver) return undefined;
    this.#left++;
    this.#since = performance.now();
    return slot;
  }

  /** The slot of a child by its pid. */
  find(pid: number): Slot | undefined {
    for (let number = this.#left; number < this.#placed; number++) {
      const slot = this.#slot(number);
      if (slot.pid === pid) return slot;
    }
    return undefined;
  }

  #slot(number: number): Slot {
    return this.#slots[number % this.#slots.length]!;
  }
}
