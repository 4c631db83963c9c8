/** How a process ended, as wait(2) tells it. */

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
