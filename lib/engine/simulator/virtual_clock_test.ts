/** The virtual clock of simulations. */

import assert from "node:assert/strict";
import type { Input } from "../effects.ts";
import { VirtualClock } from "./virtual_clock.ts";

const event = (name: string): Input => ({ kind: "event", event: name, environment: [] });

/** All inputs that are due until then, with their times. */
function take(clock: VirtualClock, end: number): Array<[now: number, name: string]> {
  const taken: Array<[number, string]> = [];
  for (let input = clock.takeDue(end); input; input = clock.takeDue(end)) {
    taken.push([clock.now, input.kind === "event" ? input.event : input.kind]);
  }
  return taken;
}

Deno.test("scheduled inputs come in the order of their times, those of one time in the order of scheduling", () => {
  const clock = new VirtualClock();
  clock.schedule(event("late"), 30);
  clock.schedule(event("one"), 10);
  clock.schedule(event("two"), 10);
  clock.schedule(event("now"), 0);
  assert.deepEqual(take(clock, 20), [[0, "now"], [10, "one"], [10, "two"]]);
  assert.equal(clock.now, 20);
  clock.schedule(event("between"), 5);
  assert.deepEqual(take(clock, 100), [[25, "between"], [30, "late"]]);
  assert.equal(clock.now, 100);
});

Deno.test("a timer expires once, after a millisecond at least, and not when it has been cleared", () => {
  const clock = new VirtualClock();
  clock.setTimer(1, 0);
  clock.setTimer(2, 5);
  clock.setTimer(3, 5);
  clock.clearTimer(2);
  assert.equal(clock.timers, 2);
  assert.deepEqual(take(clock, 5), [[1, "timer"], [5, "timer"]]);
  assert.equal(clock.timers, 0);
});
