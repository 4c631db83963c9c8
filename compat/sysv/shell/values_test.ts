/** The values of words: what is known without running anything, and what is not. */

import assert from "node:assert/strict";
import { fieldsOf, valueOfWord, variablesIn } from "./values.ts";

const VARIABLES: Readonly<Record<string, string | null>> = {
  A: "a",
  TWO: " one  two ",
  EMPTY: "",
  "0": "web",
  CODE: null,
};

const lookup = (name: string) => VARIABLES[name];

const WORDS: Array<[word: string, fields: string[] | undefined, value?: string]> = [
  ["a", ["a"], "a"],
  ["'$A b'", ["$A b"], "$A b"],
  ['"$A b"', ["a b"], "a b"],
  ["/run/$A.pid", ["/run/a.pid"], "/run/a.pid"],
  ["${A}b", ["ab"], "ab"],
  ["$TWO", ["one", "two"], " one  two "],
  ['"$TWO"', [" one  two "], " one  two "],
  ["$EMPTY", [], ""],
  ['""', [""], ""],
  ["${EMPTY:-$A}", ["a"], "a"],
  ["${EMPTY-b}", undefined],
  ["${GONE:-b}", ["b"], "b"],
  ["${GONE:-$GONE}", undefined],
  ["$GONE", undefined],
  ["${CODE:-b}", undefined],
  ["$(date)", undefined],
  ["`date`", undefined],
  ["${A#b}", undefined],
  ["$1", undefined],
  ["$0", undefined],
  ["${0##*/}", ["web"], "web"],
  ['$(basename "$0")', ["web"], "web"],
  ['"a\\"b\\c"', ['a"b\\c'], 'a"b\\c'],
  ['"it\'s"', ["it's"], "it's"],
  ["a\\ b", ["a b"], "a b"],
  ["*.conf", undefined, "*.conf"],
  ["'*'", ["*"], "*"],
];

for (const [word, fields, value] of WORDS) {
  Deno.test(`the value of ${word}`, () => {
    assert.deepEqual(fieldsOf(word, lookup), fields);
    assert.equal(valueOfWord(word, lookup), value);
  });
}

Deno.test("variables are found, in quotes and braces, too", () => {
  assert.deepEqual(variablesIn('$A "${B:-$C}" $1 $@ $$'), ["A", "B", "C", "1", "@"]);
});
