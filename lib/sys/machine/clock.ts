/** The kernel's clock that is the same for all programs until the machine stops, and is never set. */

import { call, kernel, required } from "../call/kernel.ts";

/**
 * The time by CLOCK_MONOTONIC (clock_gettime(2)), in ms. Unlike `performance.now()` it counts from the same moment in the
 * program that takes this one's place.
 */
export function monotonicTime(): number {
  const CLOCK_MONOTONIC = 1, { address, bytes } = kernel().scratch;
  required("read the clock", call("clock_gettime", CLOCK_MONOTONIC, address));
  return Number(bytes.readBigInt64LE(0)) * 1000 + Number(bytes.readBigInt64LE(8)) / 1e6;
}
