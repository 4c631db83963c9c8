/** Init's own messages: one line each on standard error, as many as the priority lets through. */

import { LOG_PRIORITIES, type LogPriority } from "../control/supervisor.ts";
import type { StandardStreams } from "./output/standard.ts";

/** Prints messages of a priority and above. */
export class Messages {
  readonly #told = new Set<string>();

  constructor(public priority: LogPriority, private readonly streams: StandardStreams) {}

  /** True when a message of this priority would be printed; saves composing it. */
  prints(priority: LogPriority): boolean {
    return LOG_PRIORITIES.indexOf(priority) >= LOG_PRIORITIES.indexOf(this.priority);
  }

  /** Prints `init: MESSAGE`. */
  tell(priority: LogPriority, message: string): void {
    if (this.prints(priority)) this.streams.message({ priority, message, text: `init: ${message}` });
  }

  /** The same, but each message a single time. */
  tellOnce(priority: LogPriority, message: string): void {
    if (this.#told.has(message)) return;
    this.#told.add(message);
    this.tell(priority, message);
  }

  /** Prints what is wrong with a file: `init:FILE:LINE: REASON`, without a blank, as editors and scripts parse it. */
  report(priority: LogPriority, place: string): void {
    if (this.prints(priority)) this.streams.message({ priority, message: place, text: `init:${place}` });
  }
}
