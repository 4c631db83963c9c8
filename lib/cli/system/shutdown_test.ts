import assert from "node:assert/strict";
import { warnsAt } from "./schedule.ts";
import { minutesUntil } from "./shutdown.ts";

Deno.test("the time is now, minutes away, or the next time that the clock shows it", () => {
  const now = new Date(2024, 4, 17, 22, 50, 30);
  for (
    const [when, minutes] of [
      ["now", 0],
      ["0", 0],
      ["+0", 0],
      ["5", 5],
      ["+5", 5],
      ["+1440", 1440],
      ["22:50", 0],
      [
        "23:00",
        10,
      ],
      ["22:49", 1439],
      ["0:00", 70],
      ["00:00", 70],
      ["7:05", 495],
    ] as const
  ) {
    assert.equal(minutesUntil(when, now), minutes, when);
  }
});

Deno.test("warnings come more often the closer the end is", () => {
  const warned = Array.from({ length: 301 }, (_, minutes) => minutes).filter((minutes) => warnsAt(minutes))
    .reverse();
  assert.deepEqual(warned, [300, 240, 180, 150, 120, 90, 60, 45, 30, 15, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0]);
});
