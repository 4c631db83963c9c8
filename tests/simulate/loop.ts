/** The loop: one alarm after another, and between two all that promises have led to. */

import { setImmediate } from "node:timers";
import type { World } from "./world.ts";

/** Lets all promises that are settled have their consequences. */
function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/**
 * Runs until a time, or until a condition holds that is asked after each alarm.
 * @param until In ms of virtual time.
 * @returns false when the time was over first.
 */
export async function runUntil(
  world: World,
  until: number,
  isOver: () => boolean = () => false,
): Promise<boolean> {
  const { clock } = world.kernel;
  for (;;) {
    if (isOver()) return true;
    const next = clock.next;
    if (next === undefined || next > until) {
      clock.advance(until);
      return false;
    }
    clock.take()!.act();
    await settle();
  }
}
