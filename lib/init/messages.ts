/** Init's own messages: one line each on standard error, as many as the priority lets through. */

import { LOG_PRIORITIES, type LogPriority } from "../control/supervisor.ts";
import { write } from "../sys/descriptors.ts";

/** Prints messages of a priority and above. */
export class Messages {
  constructor(public priority: LogPriority) {}

  /** True when a message of this priority would be printed; saves composing it. */
  prints(priority: LogPriority): boolean {
    return LOG_PRIORITIES.indexOf(priority) >= LOG_PRIORITIES.indexOf(this.priority);
  }

  /** Prints `init: MESSAGE`. */
  tell(priority: LogPriority, message: string): void {
    if (this.prints(priority)) print(`init: ${message}\n`);
  }

  /** Prints what is wrong with a file: `init:FILE:LINE: REASON`, without a blank, as editors and scripts parse it. */
  report(priority: LogPriority, place: string): void {
    if (this.prints(priority)) print(`init:${place}\n`);
  }
}

/** Straight to the descriptor: a message must be out even when init dies next. A full pipe loses it. */
function print(line: string): void {
  write(2, new TextEncoder().encode(line));
}
