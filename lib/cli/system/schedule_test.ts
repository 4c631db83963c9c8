import assert from "node:assert/strict";
import { countDown, dueTime, type Warnings, warnsAt, warnsAtOnce } from "./schedule.ts";

Deno.test("a time is now, so many minutes or hours away, or the next that the clock shows", () => {
  const now = new Date(2024, 4, 17, 22, 50, 30);
  const day = (date: number, hours: number, minutes: number) => ({
    at: new Date(2024, 4, date, hours, minutes),
  });
  for (
    const [text, due] of [
      ["now", { minutes: 0 }],
      ["+0", { minutes: 0 }],
      ["+00", { minutes: 0 }],
      ["5", { minutes: 5 }],
      ["12", { minutes: 12 }],
      ["+5", { minutes: 5 }],
      ["99999", { minutes: 99999 }],
      ["+99999999999", { minutes: 99999999999 }],
      ["+1:30", { minutes: 90 }],
      ["+1:5", { minutes: 65 }],
      ["+10:00", { minutes: 600 }],
      ["22:50", { minutes: 0 }],
      ["23:00", day(17, 23, 0)],
      ["22:49", day(18, 22, 49)],
      ["0:00", day(18, 0, 0)],
      ["00:00", day(18, 0, 0)],
      ["9:05", day(18, 9, 5)],
      ["12:5", day(18, 12, 5)],
    ] as const
  ) assert.deepEqual(dueTime(text, now), due, text);
  for (
    const text of [
      "",
      "abc",
      "24:00",
      "25:00",
      "12:60",
      "+1:60",
      "1:2:3",
      "+",
      "+x",
      "-5",
      "now2",
      "+1x",
      "++5",
      "+-5",
    ]
      .concat("NOW", "Now", " now", "12:", ":5", "1e3", "+1.5", "٣")
  ) assert.equal(dueTime(text, now), undefined, text);
});

/** A world in which time passes when it is waited for. */
function world(left: number, events: Record<number, (set: (left: number) => void) => void> = {}) {
  const told: [minutes: number, isFirst: boolean][] = [];
  let sleeps = 0;
  return {
    told,
    left: () => left,
    sleep: (duration: number) => {
      assert.ok(duration > 0 && duration <= 60_000);
      left -= duration;
      events[++sleeps]?.((set) => left = set);
      return Promise.resolve(!(sleeps in events) || left > -1e9);
    },
    onMinute: (minutes: number, isFirst: boolean) => void told.push([minutes, isFirst]),
  };
}

async function warnings(minutes: number, which: Warnings): Promise<number[]> {
  const { told, ...countdown } = world(minutes * 60_000);
  assert.equal(await countDown(countdown), true);
  return told.filter(([left, isFirst]) => isFirst ? warnsAtOnce(left, which) : warnsAt(left, which))
    .map(([left]) => left);
}

Deno.test("warnings come as sysvinit's do, and one a minute before the end, too", async () => {
  const last = [9, 8, 7, 6, 5, 4, 3, 2, 1, 0];
  assert.deepEqual(await warnings(200, "all"), [180, 150, 120, 90, 60, 45, 30, 15, ...last]);
  assert.deepEqual(await warnings(200, "few"), [180, 120, 60, 10, 5, 0]);
  assert.deepEqual(await warnings(200, "none"), [0]);
  for (const which of ["all", "few", "none"] as const) assert.equal((await warnings(14, which))[0], 14);
  assert.deepEqual(await warnings(12, "all"), [12, ...last]);
  assert.deepEqual(await warnings(0, "none"), [0]);
});

Deno.test("a clock that is set is followed; what lies between is not told", async () => {
  const forward = world(90 * 60_000, { 3: (set) => set(10 * 60_000 - 1) });
  assert.equal(await countDown(forward), true);
  assert.deepEqual(forward.told.map(([minutes]) => minutes), [90, 89, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0]);
  const back = world(2 * 60_000, { 1: (set) => set(4 * 60_000) });
  assert.equal(await countDown(back), true);
  assert.deepEqual(back.told.map(([minutes]) => minutes), [2, 4, 3, 2, 1, 0]);
});

Deno.test("a minute is told of once, when timers are early or late; and none after a cancellation", async () => {
  const { told, ...late } = world(3 * 60_000, { 2: (set) => set(2 * 60_000 + 1), 4: (set) => set(59_000) });
  assert.equal(await countDown(late), true);
  assert.deepEqual(told.map(([minutes]) => minutes), [3, 2, 1, 0]);
  const cancelled = world(5 * 60_000, { 1: (set) => set(-1e9) });
  assert.equal(await countDown(cancelled), false);
  assert.deepEqual(cancelled.told, [[5, true]]);
});
