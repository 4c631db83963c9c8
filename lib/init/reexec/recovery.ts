/**
 * The recovery from internal errors: exceptions that nobody has caught, and inputs that the engine has failed at. Nobody knows
 * what the program's memory is worth then, so init is restarted in place, from what is consistent.
 */

import { Buffer } from "node:buffer";
import process from "node:process";
import type { Input } from "../../engine/effects.ts";
import { printable } from "../../model/text/printable.ts";
import { ifAllowed } from "../../sys/call/refused.ts";
import { write } from "../../sys/io/descriptors.ts";
import { monotonicTime } from "../../sys/machine/clock.ts";
import type { Messages } from "../logs/messages.ts";
import type { Part } from "../parts/part.ts";

/** So many restarts within so many ms are made for internal errors. With more, init would do nothing else. */
const MOST_RESTARTS = 3, WITHIN = 60_000;

const STDERR = 2;

/** How much of an input is logged, in characters. */
const LONGEST_INPUT = 300;

/** What is saved of {@link Recovery}. */
export interface SavedRecovery {
  /** How often init was restarted for an internal error. */
  count: number;
  /** When, of late: by the monotonic clock, in ms. */
  times: number[];
  /** What init was doing, where this is such a restart. */
  where: string | null;
  /** What the engine has failed at, and is to be given again. */
  undone: Input[];
}

/** What the recovery is about. */
interface RecoverySubject {
  messages: Messages;
  /** True where init can be restarted in place. */
  isPossible(): boolean;
  /** Restarts init in place. Resolves only when that has failed. */
  restart(): Promise<void>;
  handle(input: Input): void;
}

/** The recovery. */
export class Recovery implements Part<SavedRecovery> {
  /** How often init was restarted for an internal error. */
  count = 0;
  #times: number[] = [];
  /** What init was doing when it came to the error that it is about to be restarted for. */
  #where: string | undefined;
  #undone: Input[] = [];
  /** The log tells that there is no restart for now. */
  #isRefusalTold = false;
  /** True while the engine is given again what it has failed at. */
  #isSecondTime = false;

  constructor(private readonly subject: RecoverySubject) {}

  save(): SavedRecovery {
    return { count: this.count, times: this.#times, where: this.#where ?? null, undone: this.#undone };
  }

  restore({ count, times, where, undone }: SavedRecovery): void {
    this.count = where === null ? count : count + 1;
    this.#times = times;
    this.#where = where ?? undefined;
    this.#undone = undone;
  }

  /** Takes up exceptions that nobody catches. Process 1 must not end by one: the machine would. */
  watch(): void {
    for (const failure of ["uncaughtException", "unhandledRejection"] as const) {
      process.on(failure, (error: unknown) => {
        try {
          this.crashed("a callback", error);
        } catch (another) {
          ifAllowed(() => write(STDERR, Buffer.from(`init: Unable to log an internal error: ${another}\n`)));
        }
      });
    }
  }

  /**
   * Logs an internal error, and has init restarted soon, when the present turn is over.
   *
   * @param where What init was doing, e.g. `a callback`.
   * @param input What the engine has failed at, and was set back to before. It is given it once more after the restart.
   */
  crashed(where: string, error: unknown, input?: Input): void {
    const { messages } = this.subject;
    messages.fault(where, error);
    if (this.#isSecondTime) return this.#giveUp(input);
    if (input && isFact(input)) this.#undone.push(input);
    if (this.#where !== undefined) return;
    if (!this.subject.isPossible()) return this.#goOn();
    if (!this.#mayRestart()) {
      if (!this.#isRefusalTold) {
        messages.log(
          "error",
          `Init goes on without a restart in place: there were ${MOST_RESTARTS} within ${
            WITHIN / 1000
          } s for internal errors`,
        );
      }
      this.#isRefusalTold = true;
      return this.#goOn();
    }
    this.#isRefusalTold = false;
    this.#where = where;
    setImmediate(() => void this.#restart());
  }

  #mayRestart(): boolean {
    const now = monotonicTime();
    this.#times = this.#times.filter((time) => now - time < WITHIN);
    if (this.#times.length >= MOST_RESTARTS) return false;
    this.#times.push(now);
    return true;
  }

  async #restart(): Promise<void> {
    const { messages, restart } = this.subject;
    await restart().catch((error) => messages.fault("the restart for an internal error", error));
    this.#where = undefined;
    this.#goOn();
  }

  /** To be called when all is restored: tells of the error, and gives the engine once more what it has failed at. */
  resume(): void {
    if (this.#where !== undefined) {
      const times = this.count === 1 ? "" : `; there were ${this.count} such restarts since init began`;
      this.subject.messages.log(
        "error",
        `Init was restarted in place for an internal error in ${this.#where}${times}`,
      );
    }
    this.#where = undefined;
    this.#goOn();
  }

  /** It may have failed for what a restart mends, such as lack of memory. */
  #goOn(): void {
    const undone = this.#undone.splice(0);
    this.#isSecondTime = true;
    try {
      for (const input of undone) this.subject.handle(input);
    } finally {
      this.#isSecondTime = false;
    }
  }

  #giveUp(input: Input | undefined): void {
    if (!input) return;
    const text = JSON.stringify(input).slice(0, LONGEST_INPUT);
    this.subject.messages.log(
      "error",
      `Init goes on without what it has failed at twice: ${printable(text)}`,
    );
  }
}

/** False for what its sender is told the failure of, and for definitions, which are read anew. */
function isFact({ kind }: Input): boolean {
  return kind !== "request" && kind !== "definitions";
}
