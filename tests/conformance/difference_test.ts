import assert from "node:assert/strict";
import { describeDifference, lineDifference } from "./difference.ts";

Deno.test("equal values have no difference", () => {
  assert.equal(describeDifference("a\nb\n", "a\nb\n"), undefined);
  assert.equal(describeDifference(0, 0), undefined);
});

Deno.test("a missing value differs from an empty one", () => {
  assert.equal(describeDifference("", undefined), 'wanted "", got undefined');
  assert.equal(describeDifference(true, false), "wanted true, got false");
});

Deno.test("texts of several lines are shown line by line", () => {
  assert.deepEqual(lineDifference(["a", "b", "c", "d"], ["a", "c", "x", "d"]), [
    "  a",
    "- b",
    "  c",
    "+ x",
    "  d",
  ]);
  assert.equal(describeDifference("a\nb", "a\nc"), "\n  a\n- b\n+ c");
});
