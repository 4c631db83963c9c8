/** Memory that busy times leave behind is given back when they are over: an init is idle for most of its life. */

import { releaseMemory } from "../sys/memory.ts";

/** How long nothing must have happened, in ms. */
const QUIET = 3000;

/** Gives memory back once, a while after the last activity. */
export class Trim {
  #lastActivity = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** To be called on every activity; costs next to nothing. */
  touch(): void {
    this.#lastActivity = performance.now();
    this.#timer ??= setTimeout(() => this.#check(), QUIET);
  }

  #check(): void {
    const quiet = performance.now() - this.#lastActivity;
    this.#timer = quiet < QUIET ? setTimeout(() => this.#check(), QUIET - quiet) : undefined;
    if (!this.#timer) releaseMemory();
  }
}
