import assert from "node:assert/strict";
import { printable, printableJson, printableLines } from "./printable.ts";

Deno.test("what can be printed stays, and nothing else is printed as it is", () => {
  for (const text of ["", "/etc/init/wéb ☃ 大.conf:3: a\\b 'c' \"d\"", "\udcff"]) {
    assert.equal(printable(text), text);
  }
  const cases: Record<string, string> = {
    "a\nb": "a\\nb",
    "\r\t": "\\r\\t",
    "\x1b[2Jx\x07": "\\e[2Jx\\x07",
    "\0\x7f\x9b31m": "\\x00\\x7f\\x9b31m",
    "a\u202eb\u2028": "a\\u202eb\\u2028",
  };
  for (const [text, safe] of Object.entries(cases)) assert.equal(printable(text), safe);
});

Deno.test("of several lines, their ends and tabs stay", () => {
  assert.equal(printableLines("a\tb\r\nc\x1b\u202e\n"), "a\tb\\r\nc\\e\\u202e\n");
});

Deno.test("JSON holds the same value, and nothing that is not printable", () => {
  const value = { "a\x9b": ["\x1b[2J\n", "\u202e\u2028\x7f", "wéb ☃ 大 \udcff"] };
  const json = printableJson(value);
  assert.deepEqual(JSON.parse(json), value);
  assert.equal(json, printable(json));
  assert(json.includes("\\u009b") && json.includes("wéb ☃ 大"), json);
});
