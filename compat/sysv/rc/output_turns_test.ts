import assert from "node:assert/strict";
import { OutputTurns, SILENCE } from "./output_turns.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const text = (pieces: Uint8Array[]) => pieces.map((piece) => new TextDecoder().decode(piece)).join("");

Deno.test("the output of a script is written when the script has ended", () => {
  const turns = new OutputTurns();
  assert.equal(turns.due, undefined);
  assert.equal(text(turns.data("a", bytes("a1 "), 0)), "");
  assert.equal(text(turns.data("b", bytes("b1 "), 1)), "");
  assert.equal(text(turns.data("a", bytes("a2 "), 2)), "");
  assert.equal(text(turns.ended("b", 3)), "b1 ");
  assert.equal(text(turns.ended("a", 4)), "a1 a2 ");
  assert.equal(text(turns.ended("silent", 5)), "");
  assert.equal(turns.due, undefined);
});

Deno.test("after a silence the script with the oldest output has its turn until it ends, and then those that ended", () => {
  const turns = new OutputTurns();
  turns.data("old", bytes("o1 "), 100);
  turns.data("new", bytes("n1 "), 200);
  assert.equal(turns.due, 100 + SILENCE);
  assert.equal(text(turns.tick(99 + SILENCE)), "");
  assert.equal(text(turns.tick(100 + SILENCE)), "o1 ");
  assert.equal(text(turns.data("old", bytes("o2 "), 4000)), "o2 ");
  assert.equal(text(turns.ended("new", 4100)), "");
  assert.equal(text(turns.ended("old", 4200)), "n1 ");
});

Deno.test("a script that has its turn and says nothing does not hold back those that have ended", () => {
  const turns = new OutputTurns();
  turns.data("old", bytes("o1 "), 0);
  turns.tick(SILENCE);
  turns.data("new", bytes("n1 "), SILENCE + 1);
  turns.ended("new", SILENCE + 2);
  assert.equal(text(turns.tick(turns.due!)), "n1 ");
  turns.data("next", bytes("x1 "), 2 * SILENCE + 3);
  assert.equal(text(turns.tick(turns.due!)), "", "it has not ended, and it is not its turn");
  assert.equal(text(turns.ended("old", 4 * SILENCE)), "");
  assert.equal(text(turns.tick(turns.due!)), "x1 ");
});

Deno.test("no more is kept of a script than has room", () => {
  const turns = new OutputTurns();
  const piece = new Uint8Array(100_000);
  const written = [1, 2, 3, 4, 5].map((time) =>
    turns.data("a", piece, time).reduce((sum, { length }) => sum + length, 0)
  );
  assert.deepEqual(written, [0, 0, 300_000, 0, 0]);
});
