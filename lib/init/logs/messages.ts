/**
 * The messages of init itself: one line each on standard error, from a priority on. Control characters are escaped, for
 * messages contain names of files, jobs and events that anybody may have chosen.
 */

import type { Part } from "../parts/part.ts";
import { FaultLog, type SavedFaults } from "./fault_log.ts";
import { printable } from "../../model/text/printable.ts";
import { LOG_PRIORITIES, type LogPriority } from "../../control/supervisor.ts";
import type { StandardStreams } from "./standard_streams.ts";

/** What is saved of {@link Messages}. */
export interface SavedMessages {
  priority: LogPriority;
  logged: string[];
  faults: SavedFaults;
}

/** Prints messages of a priority and above. */
export class Messages implements Part<SavedMessages> {
  /** Called with each message that matters, whether it is printed or not. */
  onMessage: (priority: LogPriority, message: string) => void = () => {};
  /** The messages that {@link Messages.logOnce} has printed. */
  readonly #logged = new Set<string>();
  readonly #faults = new FaultLog((line) => this.log("error", line));

  constructor(public priority: LogPriority, private readonly streams: StandardStreams) {}

  /** True when a message of this priority would be printed; it need not be composed otherwise. */
  prints(priority: LogPriority): boolean {
    return LOG_PRIORITIES.indexOf(priority) >= LOG_PRIORITIES.indexOf(this.priority);
  }

  /** Prints `init: MESSAGE`. */
  log(priority: LogPriority, message: string): void {
    this.#tell(priority, message);
    if (this.prints(priority)) {
      this.streams.message({ priority, message, text: `init: ${printable(message)}` });
    }
  }

  /** Prints a message as SysV's init does on the console. */
  logSysv(message: string): void {
    this.#tell("message", message);
    if (!this.prints("message")) return;
    this.streams.message({ priority: "message", message, text: `\rINIT: ${printable(message)}\r` });
  }

  #tell(priority: LogPriority, message: string): void {
    if (priority !== "debug" && priority !== "info") this.onMessage(priority, printable(message));
  }

  /** Prints a message, unless the same one has been printed before. */
  logOnce(priority: LogPriority, message: string): void {
    if (this.#logged.has(message)) return;
    this.#logged.add(message);
    this.log(priority, message);
  }

  /** Logs a fault. @param where What init was doing, e.g. `the effect spawn`. */
  fault(where: string, error: unknown): void {
    this.#faults.report(where, error);
  }

  /** Calls a function and returns its result. If it throws, that is logged as a fault. */
  attempt<Result>(where: string, action: () => Result): Result | undefined {
    try {
      return action();
    } catch (error) {
      this.fault(where, error);
      return undefined;
    }
  }

  save(): SavedMessages {
    return { priority: this.priority, logged: [...this.#logged], faults: this.#faults.save() };
  }

  restore({ priority, logged, faults }: SavedMessages): void {
    this.priority = priority;
    for (const message of logged) this.#logged.add(message);
    this.#faults.restore(faults);
  }

  /** Prints a problem of a file, `init:FILE:LINE: REASON`: without a blank, as editors and scripts parse it. */
  report(priority: LogPriority, report: string): void {
    this.#tell(priority, report);
    if (this.prints(priority)) {
      this.streams.message({ priority, message: report, text: `init:${printable(report)}` });
    }
  }
}
