import assert from "node:assert/strict";
import { clockTime, parseSince } from "./since.ts";

const NOW = new Date(2026, 10, 30, 4, 15, 30).getTime();

Deno.test("points in time are lengths of time, times of the day, and dates", () => {
  const cases: Array<[text: string, time: Date | number]> = [
    ["10min", NOW - 600_000],
    ["10m", NOW - 600_000],
    ["1.5m", NOW - 90_000],
    ["2h", NOW - 7_200_000],
    ["90s", NOW - 90_000],
    ["3d", NOW - 3 * 86_400_000],
    ["04:15", new Date(2026, 10, 30, 4, 15)],
    ["4:15:30", new Date(2026, 10, 30, 4, 15, 30)],
    ["today", new Date(2026, 10, 30)],
    ["yesterday", new Date(2026, 10, 29)],
    // It has not come yet today.
    ["23:59", new Date(2026, 10, 29, 23, 59)],
    ["2026-11-28", new Date(2026, 10, 28)],
    ["2026-11-28 14:30", new Date(2026, 10, 28, 14, 30)],
    ["2026-11-28T14:30:05", new Date(2026, 10, 28, 14, 30, 5)],
  ];
  for (const [text, time] of cases) assert.equal(parseSince(text, NOW), Number(time), text);
  for (
    const text of [
      "",
      "soon",
      "10",
      "10M",
      "m",
      "constructor",
      "25:00",
      "12:60",
      "2026-13-01",
      "2026-02-30",
      "2026-11-28 ",
      "-1h",
    ]
  ) {
    assert.equal(parseSince(text, NOW), undefined, text);
  }
});

Deno.test("times are shown by the clock, with the day where it is asked for", () => {
  assert.equal(clockTime(NOW, false), "04:15:30");
  assert.equal(clockTime(NOW, true), "2026-11-30 04:15:30");
});
