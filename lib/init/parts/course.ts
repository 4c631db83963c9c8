/** The course of an init: what it has become, and how far it is on its way down. */

import type { InitOptions } from "../options/option_table.ts";
import type { Part } from "./part.ts";

/** What is saved of {@link Course}. */
export interface SavedCourse {
  /** Whether init is SysV's, and OpenRC's scripts are jobs, as by options. */
  system: Required<Pick<InitOptions, "sysv" | "openrc">>;
  /** The address that jobs get. */
  address?: string;
  stopSignal?: number;
  /** For how long init has been tearing down, in ms. */
  teardownTime?: number;
}

/** The course of an init. */
export class Course implements Part<SavedCourse> {
  /** The first signal that asked init to stop. */
  stopSignal: number | undefined;
  /** When the teardown began, in ms. */
  #teardownBegan: number | undefined;

  /** @param address What jobs get as `UPSTART_SESSION`; undefined where clients find init without it. */
  constructor(private readonly system: SavedCourse["system"], public address: string | undefined) {}

  beginTeardown(): void {
    this.#teardownBegan ??= performance.now();
  }

  /** What is left of the time that the teardown may take, and at least so much; all in ms. */
  timeLeft(longest: number, least: number): number {
    const elapsed = performance.now() - (this.#teardownBegan ?? performance.now());
    return Math.max(longest - elapsed, least);
  }

  save(): SavedCourse {
    return {
      system: this.system,
      ...(this.address !== undefined && { address: this.address }),
      ...(this.stopSignal !== undefined && { stopSignal: this.stopSignal }),
      ...(this.#teardownBegan !== undefined && { teardownTime: performance.now() - this.#teardownBegan }),
    };
  }

  restore({ address, stopSignal, teardownTime }: SavedCourse): void {
    this.address = address;
    this.stopSignal = stopSignal;
    this.#teardownBegan = teardownTime === undefined ? undefined : performance.now() - teardownTime;
  }
}
