/** The layout of trees: widths, marks, colours. */

import assert from "node:assert/strict";
import { COLOURED } from "./screen/style.ts";
import { explanationLines, lineOf, PLAIN_LAYOUT } from "./tree.ts";
import { wrapped } from "./screen/width.ts";
import { type Explanation, reason } from "./why/reason.ts";

const EXPLANATION: Explanation = {
  job: "web",
  instance: null,
  verdict: "failed",
  isStuck: false,
  summary: "web is down: it was stopped by hand",
  reasons: [
    reason("cause", "it was stopped by hand"),
    reason("start-on", "start on: all of these", { isMet: false }, [
      reason("event", "disk: it came", { isMet: true }),
      reason("event", "net: it has not come", { isMet: false, isHopeless: true }),
    ]),
  ],
};

Deno.test("a tree is indented, has words for marks, and does not repeat what the summary says", () => {
  assert.deepEqual(explanationLines(EXPLANATION, PLAIN_LAYOUT), [
    "web is down: it was stopped by hand",
    "  [no] start on: all of these",
    "    [yes] disk: it came",
    "    [no] net: it has not come",
  ]);
});

Deno.test("colours stand around whole lines, behind the indentation", () => {
  assert.deepEqual(explanationLines(EXPLANATION, { width: 80, style: COLOURED }), [
    "\x1b[31mweb is down: it was stopped by hand\x1b[0m",
    "  \x1b[33m[no] start on: all of these\x1b[0m",
    "    \x1b[32m[yes] disk: it came\x1b[0m",
    "    \x1b[31m[no] net: it has not come\x1b[0m",
  ]);
});

Deno.test("lines are wrapped at blanks, long words anywhere, never beyond the width or 100 columns", () => {
  assert.deepEqual(wrapped("one two three four", 9, "  "), ["one two", "  three", "  four"]);
  assert.deepEqual(wrapped("abcdefghij", 4, "  "), ["abcd", "  ef", "  gh", "  ij"]);
  const long = "word ".repeat(60).trim();
  for (const width of [40, 60, 100, 300, Infinity]) {
    for (const depth of [0, 1, 5]) {
      const lines = lineOf(long, depth, { ...PLAIN_LAYOUT, width });
      assert.ok(lines.every((line) => line.length <= Math.min(width, 100)));
      assert.equal(lines.join(" ").replace(/ +/g, " ").trim(), long);
    }
  }
});
