import assert from "node:assert/strict";
import { environment, isPair, pairs, setPair } from "./environment.ts";

Deno.test("the last of several values counts, in the place of the first", () => {
  assert.deepEqual(pairs(environment(["A=1", "B=2", "A=3"])), ["A=3", "B=2"]);
});

Deno.test("values may hold anything, and a string without = is ignored", () => {
  assert.deepEqual([...environment(["A=x=y", "B=", "none", "C=a b\n"])], [["A", "x=y"], ["B", ""], [
    "C",
    "a b\n",
  ]]);
  const target = environment(["A=1"]);
  setPair(target, "A");
  assert.deepEqual(pairs(target), ["A=1"]);
});

Deno.test("what is a pair", () => {
  for (const text of ["A=", "a_9=x=y", "9=1", "A=\n", "A b=1", "A-B=1", " A=1", "ü=1", "=1"]) {
    assert(isPair(text), text);
  }
  for (const text of ["", "A", "A b"]) assert(!isPair(text), text);
});
