/** Memory that busy times leave behind is given back when they are over: an init is idle for most of its life. */

import * as ownProcess from "../sys/memory.ts";

/** When something is done, in ms. */
interface Times {
  /** How long nothing must have happened. */
  quiet: number;
  /** Where there is no such time, garbage is collected after this one, again and again, and nothing else given back. */
  busy: number;
}

/** See lib/sys/memory.ts. */
type Memory = Pick<
  typeof ownProcess,
  "collectGarbage" | "ownMemory" | "releaseMemory" | "releaseProgram" | "residentMemory"
>;

/** What is worth the while, in bytes: to give memory back takes milliseconds, and what runs next begins cold. */
const WORTHWHILE = 4 << 20;

/** Gives memory back, a while after the last activity. */
export class Trim {
  #lastActivity = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** What was in use when memory had been given back the last time, in bytes. */
  #least = 0;
  /** When garbage was collected the last time, in ms, and what was init's own then, in bytes. */
  #collected = 0;
  #leastOwn = 0;

  constructor(
    private readonly times: Times = { quiet: 3000, busy: 60_000 },
    private readonly memory: Memory = ownProcess,
  ) {}

  /** To be called on every activity; costs next to nothing. */
  touch(): void {
    this.#lastActivity = performance.now();
    this.#timer ??= setTimeout(() => this.#check(), this.times.quiet);
  }

  #check(): void {
    const now = performance.now(), quiet = now - this.#lastActivity;
    this.#timer = quiet < this.times.quiet
      ? setTimeout(() => this.#check(), this.times.quiet - quiet)
      : undefined;
    if (this.#timer === undefined) void this.#release();
    else if (now - this.#collected >= this.times.busy) this.#collect(now);
  }

  #collect(now: number): void {
    if (this.memory.ownMemory() - this.#leastOwn < WORTHWHILE) return;
    this.memory.collectGarbage();
    this.#collected = now;
    this.#leastOwn = this.memory.ownMemory();
  }

  async #release(): Promise<void> {
    if (!this.#isWorthwhile) return;
    // Most of what a few commands bring in is of the program's file.
    this.memory.releaseProgram();
    if (!this.#isWorthwhile) return;
    await this.memory.releaseMemory();
    this.memory.releaseProgram();
    this.#least = this.memory.residentMemory();
    this.#leastOwn = this.memory.ownMemory();
  }

  get #isWorthwhile(): boolean {
    return this.memory.residentMemory() - this.#least >= WORTHWHILE;
  }
}
