/** The schedule of one check: when it is made, and which of its results are changes that are told. */

import { LONGEST_DELAY } from "../../sys/io/patient_timer.ts";
import { CHECK_DEFAULTS, type CheckUse, type PolledCheck } from "../../model/checks/check.ts";

/** The result of a check. Without one (`none`: something was short on this side) nothing is known. */
export type CheckResult = { outcome: "passed" | "none" } | { outcome: "failed"; reason: string };

/** Makes a check once, and calls `done` once with its result, unless it is cancelled. Returns what cancels it. */
export type Probe = (check: PolledCheck, timeout: number, done: (result: CheckResult) => void) => () => void;

/** Who is told of changes. */
export interface CheckListener {
  passed(): void;
  failed(reason: string): void;
}

/** A check that is to be made. */
export interface ScheduledCheck {
  use: CheckUse;
  check: PolledCheck;
  /** True when it was told to fail, before it was begun anew. */
  isFailing?: boolean;
}

/** The first pause of a check for readiness, in ms, and how much longer each is than the one before. */
const FIRST_PAUSE = 100, GROWTH = 1.5;

/** A check that is made again and again, never twice at a time. */
export class CheckSchedule {
  /** The time between the beginnings of two checks (ms); that for readiness grows up to it. */
  readonly #period: number;
  readonly #timeout: number;
  readonly #threshold: number;
  #pause: number;
  #failures = 0;
  /** What was told last; undefined when nothing was. */
  #told: string | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #cancel: (() => void) | undefined;
  #isOver = false;

  /** @param random From 0 to 1. Checks that begin together are spread by it. */
  constructor(
    private readonly what: ScheduledCheck,
    private readonly probe: Probe,
    private readonly listener: CheckListener,
    random: () => number = Math.random,
  ) {
    const { use, check, isFailing } = what;
    this.#period = (check.every ?? CHECK_DEFAULTS.every[use]) * 1000;
    this.#timeout = (check.timeout ?? CHECK_DEFAULTS.timeout) * 1000;
    this.#threshold = use === "ready" ? 1 : check.failures ?? CHECK_DEFAULTS.failures;
    this.#pause = Math.min(FIRST_PAUSE, this.#period);
    if (isFailing) this.#told = "";
    this.#wait(use === "ready" ? 0 : random() * this.#period);
  }

  /** Ends the check; nothing more is told. */
  close(): void {
    this.#isOver = true;
    clearTimeout(this.#timer);
    this.#cancel?.();
  }

  #wait(delay: number): void {
    this.#timer = setTimeout(() => this.#make(), Math.min(delay, LONGEST_DELAY));
  }

  #make(): void {
    const begin = performance.now();
    this.#cancel = this.probe(this.what.check, this.#timeout, (result) => {
      this.#cancel = undefined;
      if (this.#isOver) return;
      this.#take(result);
      if (!this.#isOver) this.#wait(Math.max(0, begin + this.#nextPause() - performance.now()));
    });
  }

  #nextPause(): number {
    if (this.what.use === "alive") return this.#period;
    const pause = this.#pause;
    this.#pause = Math.min(pause * GROWTH, this.#period);
    return pause;
  }

  #take(result: CheckResult): void {
    if (result.outcome === "failed") this.#failed(result.reason);
    else if (result.outcome === "passed") this.#passed();
  }

  #failed(reason: string): void {
    if (++this.#failures < this.#threshold) return;
    // Of health it is told once that there is none; of readiness, whenever there is another reason.
    const isNews = this.what.use === "ready" ? reason !== this.#told : this.#told === undefined;
    if (!isNews) return;
    this.#told = reason;
    this.listener.failed(reason);
  }

  #passed(): void {
    this.#failures = 0;
    const isNews = this.what.use === "ready" || this.#told !== undefined;
    this.#told = undefined;
    if (this.what.use === "ready") this.close();
    if (isNews) this.listener.passed();
  }
}
