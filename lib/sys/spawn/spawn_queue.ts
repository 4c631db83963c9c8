/**
 * The queue of processes to start. Children are started without blocking: until they execute their programs they run beside
 * this process, each with a table of system calls of its own. A file system that does not answer blocks only that child.
 */

import { close } from "../io/descriptors.ts";
import { Epoll } from "../io/epoll.ts";
import { SIGCONT, SIGKILL, SIGSTOP } from "../../model/signals.ts";
import { E2BIG, SystemError } from "../call/errno.ts";
import { ifAllowed, unlessRefused } from "../call/refused.ts";
import { poller } from "../io/poller.ts";
import { kill } from "../process/processes.ts";
import { failureOf, spawn, type SpawnDescription, type SpawnResult } from "./spawn.ts";
import { type SpawnRequest, SpawnSlot } from "./slot.ts";

/** How many children may be started at a time that are not stuck, and how many in all. */
const AT_ONCE = 16, MOST = 32;

/** How long a child may take to start, in ms, until it counts as stuck. */
const STUCK = 1000;

/** The age in ms from which on a request is not waited for by {@link SpawnQueue.settled}: its file system may be slow. */
const LONG_START = 100;

/** The interval at which the pipes are polled, in ms, where they cannot be watched. */
const POLL_INTERVAL = 50;

/** A wait for requests that have not been answered yet. */
interface Wait {
  readonly requests: Set<SpawnRequest>;
  end(): void;
}

/** The queue. One per process. */
export class SpawnQueue {
  readonly #free: SpawnSlot[] = [];
  /** The slots with children, the oldest first. */
  readonly #taken: SpawnSlot[] = [];
  readonly #waiting: SpawnRequest[] = [];
  #pipesEpoll: Epoll | undefined;
  /** The timer that looks for stuck children; set while requests wait. */
  #watch: ReturnType<typeof setTimeout> | undefined;
  /** The timer that polls the pipes; set while there are children and the pipes cannot be watched. */
  #polling: ReturnType<typeof setTimeout> | undefined;
  /** True while the pipes are watched. */
  #isWatching = false;
  readonly #waits = new Set<Wait>();

  /**
   * Starts a process. Does not throw.
   * @param done Called when the child executes its program, or has failed to and is reaped: at the latest by
   * {@link SpawnQueue.changed} for its pid
   * @param onFork Called with the child's pid before the child does anything. Must not throw. Not called for a child that
   * could only be started at once, for its environment is very large
   */
  start(
    description: SpawnDescription,
    done: (result: SpawnResult) => void,
    onFork?: (pid: number) => void,
  ): void {
    this.#waiting.push({ description, done, since: performance.now(), onFork });
    if (this.#taken.length < AT_ONCE) this.#place();
    else this.collect();
  }

  /** Calls `done` for the children that have started or failed. This happens by itself, too. */
  collect(): void {
    this.#settleOver();
    this.#place();
  }

  /** Call this with the pid of each state change that {@link reap} gives, before you handle it. */
  changed(pid: number): void {
    // A child that was stopped may not have executed its program yet, and needs its slot.
    if (this.#taken.some((slot) => slot.pid === pid)) this.collect();
  }

  /**
   * Kills the children that have not executed their programs yet: this process is to be replaced, and they would go on
   * beside its successor. `done` is not called for them, nor for those that wait: what they are to run has not begun. One that
   * a disk holds up dies when the disk answers.
   */
  abandon(): void {
    this.#settleOver();
    while (this.#taken.length > 0) this.#abandonTaken();
    this.#waiting.length = 0;
    clearTimeout(this.#watch);
    clearTimeout(this.#polling);
    if (this.#isWatching) this.#unwatchPipes();
  }

  /** Kills all children but those that have executed their programs. `done` is called for these, which may start others. */
  #abandonTaken(): void {
    const send = ({ pid }: SpawnSlot, signal: number) => pid > 0 && ifAllowed(() => kill(pid, signal));
    // One that is stopped can execute its program, but not have it do anything; so all that has been begun is seen.
    for (const slot of this.#taken) send(slot, SIGSTOP);
    const begun = this.#pipes.wait(0);
    for (const slot of this.#taken.filter(({ reader }) => !begun.includes(reader))) {
      send(slot, SIGKILL);
      this.#pipes.remove(slot.reader);
      close(slot.reader);
      this.#taken.splice(this.#taken.indexOf(slot), 1);
    }
    for (const slot of this.#taken) send(slot, SIGCONT);
    this.#settleOver();
  }

  /** How many children are being started. */
  get count(): number {
    return this.#waiting.length + this.#taken.length;
  }

  /**
   * Calls `done` for the children that have started or failed, and waits for the others, without blocking.
   * @param time How long to wait at most, in ms
   * @returns undefined when there is nothing to wait for: nothing is being started, or only what has taken long already.
   */
  settled(time: number): Promise<void> | undefined {
    if (this.count === 0) return undefined;
    this.collect();
    const now = performance.now();
    const all = [...this.#taken.map(({ request }) => request!), ...this.#waiting];
    const requests = new Set(all.filter(({ since }) => now - since < LONG_START));
    if (requests.size === 0) return undefined;
    return new Promise((resolve) => {
      const end = () => {
        clearTimeout(timer);
        this.#waits.delete(wait);
        resolve();
      };
      const timer = setTimeout(() => {
        this.collect();
        end();
      }, time);
      const wait = { requests, end };
      this.#waits.add(wait);
    });
  }

  /** Calls `done` of a request, and ends the waits for it. */
  #finish(request: SpawnRequest, result: SpawnResult): void {
    try {
      request.done(result);
    } finally {
      for (const { requests, end } of this.#waits) if (requests.delete(request) && requests.size === 0) end();
    }
  }

  #place(): void {
    for (let request; (request = this.#waiting[0]);) {
      if (!this.#hasRoom) return this.#watchForStuck();
      this.#waiting.shift();
      let slot: SpawnSlot | undefined;
      try {
        slot = this.#free.pop() ?? new SpawnSlot();
        slot.fill(request, this.#pipes);
      } catch (error) {
        if (slot) this.#free.push(slot);
        // For a very large environment there is room elsewhere, but only for one child at a time.
        const isLarge = error instanceof SystemError && error.errno === E2BIG;
        this.#finish(request, isLarge ? spawn(request.description) : failureOf(error));
        continue;
      }
      this.#taken.push(slot);
      // It may stay stopped for hours.
      if (request.description.stopped) this.#settle(slot);
      else this.#watchPipes();
    }
  }

  /**
   * The pipes of the slots with children. Made when it is needed: where descriptors are short, a start fails, and not init's own.
   * @throws {SystemError} when there can be no more epoll instances.
   */
  get #pipes(): Epoll {
    return this.#pipesEpoll ??= new Epoll();
  }

  get #hasRoom(): boolean {
    const stuck = this.#taken.length < AT_ONCE ? 0 : this.#taken.filter((slot) => age(slot) >= STUCK).length;
    return this.#taken.length < Math.min(AT_ONCE + stuck, MOST);
  }

  /** Has requests looked at again later: they may wait for children that are stuck by then. */
  #watchForStuck(): void {
    this.#watch ??= setTimeout(() => {
      this.#watch = undefined;
      this.collect();
    }, STUCK);
  }

  /** Watches the pipes. Where that is not possible, for memory is short, they are polled. */
  #watchPipes(): void {
    if (this.#isWatching) return;
    unlessRefused(() => {
      poller().watch(this.#pipes.descriptor, () => this.collect());
      this.#isWatching = true;
    }, () => {
      this.#polling ??= setTimeout(() => {
        this.#polling = undefined;
        this.collect();
        if (this.#taken.length > 0) this.#watchPipes();
      }, POLL_INTERVAL);
    });
  }

  #unwatchPipes(): void {
    this.#isWatching = false;
    poller().unwatch(this.#pipes.descriptor);
  }

  /** Calls `done` for the children whose pipes have hung up. */
  #settleOver(): void {
    if (this.#taken.length === 0) return;
    const readers = this.#pipes.wait(0);
    const over = this.#taken.filter(({ reader }) => readers.includes(reader));
    const requests = over.map(({ request }) => request);
    // A call of `done` may put another child into the next slot.
    over.forEach((slot, index) => slot.request === requests[index] && this.#settle(slot));
  }

  /** Frees a slot and calls `done` for its child. */
  #settle(slot: SpawnSlot): void {
    const request = slot.request!;
    this.#taken.splice(this.#taken.indexOf(slot), 1);
    this.#pipes.remove(slot.reader);
    const outcome = slot.empty();
    this.#free.push(slot);
    if (this.#isWatching && this.#taken.length === 0) this.#unwatchPipes();
    if ("next" in outcome) {
      request.description = outcome.next;
      this.#waiting.unshift(request);
    } else this.#finish(request, outcome);
  }
}

/** The time since a slot's child was made, in ms. */
function age({ since }: SpawnSlot): number {
  return performance.now() - since;
}
