/** Headers: what counts of them, and what is lost. */

import assert from "node:assert/strict";
import { levelWords, missingFields, parseHeader, words } from "./header.ts";
import { levelNames, readLevels } from "./levels.ts";

function header(...lines: string[]): string {
  return ["#!/bin/sh", "### BEGIN INIT INFO", ...lines, "### END INIT INFO", "exit 0", ""].join("\n");
}

Deno.test("a header has its fields with their lines; a description goes on", () => {
  const found = parseHeader(header(
    "# Provides:          web www",
    "# Required-Start:    $network $syslog",
    "# Should-Start:",
    "# Default-Start:     2 3 4 5",
    "# Short-Description: serves pages",
    "# Description:       Serves pages",
    "#                    of all kinds.",
    "#\tAnd more.",
    "# X-Interactive:     true",
  ))!;
  assert.deepEqual([found.begin, found.end], [2, 12]);
  assert.deepEqual(words(found, "Provides"), ["web", "www"]);
  assert.deepEqual(words(found, "Required-Start"), ["$network", "$syslog"]);
  assert.deepEqual(words(found, "Should-Start"), []);
  assert.deepEqual(words(found, "Should-Stop"), []);
  assert.equal(found.fields["Required-Start"]!.line, 4);
  assert.equal(found.fields.Description!.text, "Serves pages\nof all kinds.\nAnd more.");
  assert.equal(found.fields["X-Interactive"]!.text, "true");
  assert.deepEqual(missingFields(found), ["Required-Stop", "Default-Stop"]);
  assert.deepEqual([found.unused, found.strayLines], [[], []]);
});

Deno.test("names are taken in any case, with low lines, and with a vendor's name", () => {
  const found = parseHeader(
    header("# PROVIDES: a", "# required_start: b", "# X-UnitedLinux-Should-Start: c"),
  )!;
  assert.deepEqual(words(found, "Provides"), ["a"]);
  assert.deepEqual(words(found, "Required-Start"), ["b"]);
  assert.deepEqual(words(found, "Should-Start"), ["c"]);
});

const WORDS: Array<[value: string, counted: string[], levels: string]> = [
  ["2 3", ["2", "3"], "23"],
  ["2,3;4", ["2", "3", "4"], "234"],
  ["2  3", ["2"], "23"],
  ["2\t3", ["2"], "2"],
  ["2 3\t", ["2", "3"], "23"],
  ["2 3\r", ["2", "3"], "23"],
  ["s 0", ["s", "0"], "0S"],
  ["23 x 10", ["23", "x", "10"], ""],
];

for (const [value, counted, levels] of WORDS) {
  Deno.test(`of ${JSON.stringify(value)} counts what counts for insserv`, () => {
    const { fields } = parseHeader(header(`# Default-Start: ${value}`))!;
    assert.deepEqual(fields["Default-Start"]!.words, counted);
    assert.equal(levelNames(readLevels(levelWords(fields["Default-Start"])).levels).join(""), levels);
  });
}

Deno.test("a field that stands there again is in vain, as are unknown ones and lines that continue others", () => {
  const found = parseHeader(header("# Provides: a", "#   b", "# Provides: c", "# Colour: red", "echo hi"))!;
  assert.deepEqual(words(found, "Provides"), ["a"]);
  assert.deepEqual(found.unused.map(({ written, line }) => [written, line]), [["Provides", 5], [
    "Colour",
    6,
  ]]);
  assert.deepEqual(found.strayLines, [4]);
});

Deno.test("a header without an end goes as far as its comment", () => {
  const found = parseHeader("### BEGIN INIT INFO\n# Provides: a\nrun\n# Required-Start: b\n")!;
  assert.equal(found.end, undefined);
  assert.deepEqual([words(found, "Provides"), words(found, "Required-Start")], [["a"], []]);
});

for (
  const text of ["", "#!/bin/sh\n", "###BEGIN INIT INFO\n", "### begin init info\n", "### END INIT INFO\n"]
) {
  Deno.test(`${JSON.stringify(text)} has no header`, () => assert.equal(parseHeader(text), undefined));
}

Deno.test("long lines of blanks take no time that grows with their square", () => {
  const found = parseHeader(header(`# Provides: a${" ".repeat(500_000)}b`, `#${"\t ".repeat(250_000)}x`));
  assert.deepEqual(words(found, "Provides"), ["a"]);
});
