import assert from "node:assert/strict";
import { count, howLong, howLongAgo, ordinal, sizeInWords } from "./words.ts";

Deno.test("lengths of time have one unit, and are rounded down", () => {
  const cases: Array<[ms: number, words: string]> = [
    [-5, "0 ms"],
    [0, "0 ms"],
    [999, "999 ms"],
    [1000, "1 s"],
    [119_999, "119 s"],
    [120_000, "2 min"],
    [119 * 60_000, "119 min"],
    [120 * 60_000, "2 h"],
    [47 * 3_600_000, "47 h"],
    [48 * 3_600_000, "2 d"],
    [400 * 86_400_000, "400 d"],
  ];
  for (const [ms, words] of cases) assert.equal(howLong(ms), words);
});

Deno.test("what was less than a second ago, or is to be by a clock that was put back, was just now", () => {
  assert.equal(howLongAgo(5000, 5999), "just now");
  assert.equal(howLongAgo(5000, 0), "just now");
  assert.equal(howLongAgo(0, 125_000), "2 min ago");
});

Deno.test("sizes have at most three digits and a unit", () => {
  const cases: Array<[bytes: number, words: string]> = [
    [0, "0 B"],
    [999, "999 B"],
    [1000, "1.0 KB"],
    [1536, "1.5 KB"],
    [20 << 10, "20 KB"],
    [1000 << 10, "1.0 MB"],
    [3 * 2 ** 30, "3.0 GB"],
    [5000 * 2 ** 40, "5000 TB"],
  ];
  for (const [bytes, words] of cases) assert.equal(sizeInWords(bytes), words);
});

Deno.test("places in a row, and numbers of things", () => {
  assert.deepEqual(
    [1, 2, 3, 4, 10, 11, 12, 13, 21, 22, 101, 111].map(ordinal),
    ["1st", "2nd", "3rd", "4th", "10th", "11th", "12th", "13th", "21st", "22nd", "101st", "111th"],
  );
  assert.deepEqual([0, 1, 2].map((number) => count(number, "row")), ["0 rows", "1 row", "2 rows"]);
});
