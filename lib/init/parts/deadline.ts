/** A timer that can be saved: what is left of its time goes on elsewhere. */

import { PatientTimer } from "../../sys/io/patient_timer.ts";
import type { Part } from "./part.ts";

/** What is saved of a {@link Deadline}: the time that is left, in ms. Absent when it is not set. */
export type SavedDeadline = number | null;

/** A point in time at which something is done, unless it is moved or cleared before. */
export class Deadline implements Part<SavedDeadline> {
  #timer: PatientTimer | undefined;

  /** @param onReached Called when it is reached. */
  constructor(private readonly onReached: () => void) {}

  /** Sets it to so many ms from now, instead of what it was set to before. */
  set(delay: number): void {
    this.clear();
    this.#timer = new PatientTimer(delay, () => {
      this.#timer = undefined;
      this.onReached();
    });
  }

  clear(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  save(): SavedDeadline {
    return this.#timer === undefined ? null : Math.max(0, this.#timer.at - performance.now());
  }

  restore(left: SavedDeadline): void {
    if (left === null) this.clear();
    else this.set(left);
  }
}
