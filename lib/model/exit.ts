/** How a process ended, as wait(2) tells it. */

import { signalName } from "./signals.ts";

/**
 * An exit status (0–255), or the number of the signal that killed the process. `isOutOfMemory`: the kernel has sent it, for
 * lack of memory.
 */
export type Exit = { status: number } | { signal: number; core?: boolean; isOutOfMemory?: true };

/** True for exit status 0. */
export function isSuccess(exit: Exit): boolean {
  return "status" in exit && exit.status === 0;
}

/** True when both are the same status or the same signal; whether core was dumped does not count. */
export function sameExit(one: Exit, other: Exit): boolean {
  return "status" in one
    ? "status" in other && one.status === other.status
    : "signal" in other && one.signal === other.signal;
}

/** How a process ended, for messages: `status 1`, `KILL signal`. */
export function describeExit(exit: Exit): string {
  return "status" in exit ? `status ${exit.status}` : `${signalName(exit.signal) ?? exit.signal} signal`;
}

/** The same as the end of a sentence: `ended with status 1`, `was killed by KILL`. */
export function describeEnd(exit: Exit): string {
  if ("status" in exit) return `ended with status ${exit.status}`;
  return `was killed by ${signalName(exit.signal) ?? `signal ${exit.signal}`}`;
}
