/** The kernel's clocks that are the same for all programs until the machine stops, and are never set. */

import { call, kernel, required } from "../call/kernel.ts";

const CLOCK_MONOTONIC = 1, CLOCK_BOOTTIME = 7;

/**
 * The time by CLOCK_MONOTONIC (clock_gettime(2)), in ms. Unlike `performance.now()` it counts from the same moment in the
 * program that takes this one's place.
 */
export function monotonicTime(): number {
  return timeBy(CLOCK_MONOTONIC);
}

/** The time since the machine was started, in ms, with the time that it slept (CLOCK_BOOTTIME). */
export function timeSinceBoot(): number {
  return timeBy(CLOCK_BOOTTIME);
}

function timeBy(clock: number): number {
  const { address, bytes } = kernel().scratch;
  required("read the clock", call("clock_gettime", clock, address));
  return Number(bytes.readBigInt64LE(0)) * 1000 + Number(bytes.readBigInt64LE(8)) / 1e6;
}
