import assert from "node:assert/strict";
import { printable, printableLines } from "./printable.ts";

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
