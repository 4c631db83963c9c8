/** Memory that busy times leave behind is given back when they are over: an init is idle for most of its life. */

import { releaseMemory, releaseProgram, residentMemory } from "../sys/memory.ts";

/** How long nothing must have happened, in ms. */
const QUIET = 3000;

/** What is worth the while, in bytes: to give memory back takes milliseconds, and what runs next begins cold. */
const WORTHWHILE = 4 << 20;

/** Gives memory back, a while after the last activity. */
export class Trim {
  #lastActivity = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** What was in use when memory had been given back the last time, in bytes. */
  #least = 0;

  /** To be called on every activity; costs next to nothing. */
  touch(): void {
    this.#lastActivity = performance.now();
    this.#timer ??= setTimeout(() => this.#check(), QUIET);
  }

  #check(): void {
    const quiet = performance.now() - this.#lastActivity;
    this.#timer = quiet < QUIET ? setTimeout(() => this.#check(), QUIET - quiet) : undefined;
    if (this.#timer === undefined) void this.#release();
  }

  async #release(): Promise<void> {
    if (!this.#isWorthwhile) return;
    // Most of what a few commands bring in is of the program's file.
    releaseProgram();
    if (!this.#isWorthwhile) return;
    await releaseMemory();
    releaseProgram();
    this.#least = residentMemory();
  }

  get #isWorthwhile(): boolean {
    return residentMemory() - this.#least >= WORTHWHILE;
  }
}
