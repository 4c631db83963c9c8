import assert from "node:assert/strict";
import { environment } from "./environment.ts";
import { expand, ExpansionError } from "./expand.ts";

const VARIABLES = environment(["A=1", "EMPTY=", "NAME=A", "_x9=y"]);

const EXPANDED: Array<[text: string, expanded: string]> = [
  ["plain", "plain"],
  ["$A", "1"],
  ["${A}", "1"],
  ["a$A-b${A}c", "a1-b1c"],
  ["$_x9!", "y!"],
  ["$", "$"],
  ["$ $-", "$ $-"],
  ["$9", "$9"],
  ["${}", "$"],
  ["${}A", "$A"],
  ["${A:-none}", "1"],
  ["${EMPTY:-none}", "none"],
  ["${UNSET:-none}", "none"],
  ["${EMPTY-none}", ""],
  ["${UNSET-none}", "none"],
  ["${A:+set}", "set"],
  ["${EMPTY:+set}", ""],
  ["${EMPTY+set}", "set"],
  ["${UNSET+set}", ""],
  ["${$NAME}", "1"],
  ["${${NAME}}", "1"],
  ["${UNSET:-$A}", "1"],
  ["${UNSET:-${ALSO:-${A}}}", "1"],
];

for (const [text, expanded] of EXPANDED) {
  Deno.test(`${text} is expanded to ${JSON.stringify(expanded)}`, () => {
    assert.equal(expand(text, VARIABLES), expanded);
  });
}

const WRONG: Array<[text: string, message: string]> = [
  ["$UNSET", "Unknown parameter: UNSET"],
  ["${UNSET}", "Unknown parameter: UNSET"],
  ["${A?x}", "Unknown parameter: A?x"],
  ["${$EMPTY}", "Unknown parameter: "],
  ["${A", "Mismatched braces"],
  ["${A:-x", "Mismatched braces"],
  ["${A:x}", "Expected operator"],
  ["${${${A", "Mismatched braces"],
];

for (const [text, message] of WRONG) {
  Deno.test(`${text} can not be expanded`, () => {
    assert.throws(() => expand(text, VARIABLES), (error) => {
      assert(error instanceof ExpansionError);
      assert.equal(error.message, message);
      return true;
    });
  });
}

Deno.test("what is nested or multiplied without end is refused", () => {
  const deep = `${"${A:-".repeat(100_000)}x`;
  assert.throws(() => expand(deep, VARIABLES), { message: "Braces nested deeper than 100" });
  const nested = "${UNSET:-".repeat(100) + "x" + "}".repeat(100);
  assert.equal(expand(nested, VARIABLES), "x");
  const large = environment([`A=${"x".repeat(1000)}`]);
  assert.throws(() => expand("$A".repeat(2000), large), { message: "Longer than 1048576 characters" });
  assert.throws(() => expand("$A", large, 999), { message: "Longer than 999 characters" });
  assert.throws(() => expand("plain", large, 4), ExpansionError);
  assert.equal(expand("$A", large, 1000).length, 1000);
});
