/** Text as files should have it: any sequence goes, wherever a piece ends. */

import assert from "node:assert/strict";
import fc from "fast-check";
import { PlainText } from "./plain_text.ts";

/** What becomes of a text that comes in these pieces, one character a byte. */
function clean(...pieces: string[]): string {
  const text = new PlainText();
  return pieces.map((piece) => Buffer.from(text.clean(Buffer.from(piece, "latin1"))).toString("latin1")).join(
    "",
  );
}

/** Texts, and what is left of them. */
const CASES: Array<[string, string]> = [
  ["plain\n", "plain\n"],
  ["a\r\nb\r\n", "a\nb\n"],
  ["a\r\r\nb", "a\nb"],
  ["10%\r20%\r\n", "10%\n20%\n"],
  ["\r10%\r\x1b[K20%\n", "10%\n20%\n"],
  ["\x1b[1;31mred\x1b[0m\n", "red\n"],
  ["\x1b]0;title\x07a\x1b]8;;http://x\x1b\\b\n", "ab\n"],
  ["\x1bPq#0\x1b\\a\x1b(Bb\x1b=c\x1b7d", "abcd"],
  ["\x1b]0;no end\nnext\n", "\nnext\n"],
  ["\x1b[31\x18a", "a"],
  ["a\x18b\x1ac\r\n", "a\x18b\x1ac\n"],
  ["\xc3\xbc\0\t\xff\n", "\xc3\xbc\0\t\xff\n"],
];

Deno.test("escape sequences go, and returns become line ends where they end a line", () => {
  for (const [text, left] of CASES) assert.equal(clean(text), left, JSON.stringify(text));
});

Deno.test("it does not matter where a text is cut", () => {
  const cuts = fc.tuple(fc.constantFrom(...CASES), fc.array(fc.nat(40), { maxLength: 4 }));
  fc.assert(fc.property(cuts, ([[text, left], places]) => {
    const ends = [...places.sort((one, other) => one - other), text.length];
    assert.equal(clean(...ends.map((end, index) => text.slice(ends[index - 1] ?? 0, end))), left);
  }));
});

Deno.test("what has nothing to take out is passed on as it is", () => {
  const bytes = Buffer.from("plain\n");
  assert.equal(new PlainText().clean(bytes), bytes);
});
