import assert from "node:assert/strict";
import fc from "fast-check";
import { COLOURED, PLAIN, styleFor } from "./style.ts";
import { type Column, layTable } from "./table.ts";
import { columnsOf, cut, pad, wrapped } from "./width.ts";

Deno.test("East Asian characters and emoji take two columns, marks that go with others none", () => {
  assert.equal(columnsOf("abc"), 3);
  assert.equal(columnsOf("日本"), 4);
  assert.equal(columnsOf("👩‍🚀!"), 3);
  assert.equal(columnsOf("e\u0301"), 1);
});

Deno.test("a text is cut between characters, with a sign that more has been", () => {
  assert.equal(cut("abcdef", 6), "abcdef");
  assert.equal(cut("abcdef", 5), "abcd…");
  assert.equal(cut("ab cdef", 4), "ab…");
  assert.equal(cut("日本語", 4), "日…");
  assert.equal(cut("abc", 1), "…");
  assert.equal(cut("abc", 0), "");
});

Deno.test("a text is filled up to the left or to the right", () => {
  assert.equal(pad("日本", 6), "日本  ");
  assert.equal(pad("ab", 4, true), "  ab");
  assert.equal(pad("abcde", 4), "abcde");
});

Deno.test("a text is broken between words, and a long word into pieces", () => {
  assert.deepEqual(wrapped("one two three", 7), ["one two", "three"]);
  assert.deepEqual(wrapped("a abcdefghij b", 4), ["a", "abcd", "efgh", "ij b"]);
  assert.deepEqual(wrapped("日本語", 1), ["日", "本", "語"]);
  assert.deepEqual(wrapped("", 10), [""]);
});

const isOneCharacter = (text: string) => [...new Intl.Segmenter().segment(text)].length === 1;

Deno.test("wrapped lines hold all of a text, and fit", () => {
  fc.assert(fc.property(fc.string({ unit: "grapheme" }), fc.integer({ min: 2, max: 20 }), (text, columns) => {
    const lines = wrapped(text, columns);
    assert.equal(lines.join("").replaceAll(" ", ""), text.replaceAll(" ", ""));
    assert(lines.every((line) => columnsOf(line) <= columns || isOneCharacter(line)));
  }));
});

const COLUMNS: ReadonlyArray<Column<string[]>> = [
  { title: "NAME", text: ([name = ""]) => name, importance: 3, least: 6 },
  { title: "N", text: ([, number = ""]) => number, isRight: true, importance: 1 },
  { title: "WHAT", text: ([, , what = ""]) => what, importance: 2, least: 5 },
];

Deno.test("a table is as wide as it has to be; columns without a text are left out", () => {
  assert.deepEqual(layTable([["web", "5", "it runs"], ["api", "12", ""]], COLUMNS, Infinity, PLAIN), [
    "NAME   N  WHAT",
    "web    5  it runs",
    "api   12",
  ]);
  assert.deepEqual(layTable([["web", "", "it runs"]], COLUMNS, 80, PLAIN), ["NAME  WHAT", "web   it runs"]);
});

Deno.test("where there is no room, texts are cut first, then the least important columns go", () => {
  const rows = [["a-long-name", "12", "quite a text"]];
  assert.deepEqual(layTable(rows, COLUMNS, 22, PLAIN), ["NAME       N  WHAT", "a-long-…  12  quite a…"]);
  assert.deepEqual(layTable(rows, COLUMNS, 14, PLAIN), ["NAME    WHAT", "a-lon…  quite…"]);
  assert.deepEqual(layTable(rows, COLUMNS, 5, PLAIN), ["NAME", "a-lo…"]);
});

Deno.test("no line of a table is wider than the screen, whatever is in it", () => {
  const cell = fc.string({ unit: "grapheme", maxLength: 30 });
  fc.assert(
    fc.property(
      fc.array(fc.tuple(cell, cell, cell), { minLength: 1 }),
      fc.integer({ min: 1, max: 90 }),
      (rows, width) => {
        for (const line of layTable(rows, COLUMNS, width, PLAIN)) assert(columnsOf(line) <= width, line);
      },
    ),
  );
});

Deno.test("control characters in a table are escaped", () => {
  assert.deepEqual(layTable([["\x1b[2J"]], COLUMNS, 80, PLAIN), ["NAME", "\\e[2J"]);
});

Deno.test("colours surround texts", () => {
  const column = { ...COLUMNS[0]!, paint: () => "bad" as const };
  assert.deepEqual(layTable([["web"]], [column], 80, COLOURED), ["\x1b[1mNAME\x1b[0m", "\x1b[31mweb\x1b[0m"]);
});

Deno.test("there are colours on a terminal, unless NO_COLOR or TERM speaks against it, or where they are asked for", () => {
  assert.equal(styleFor(undefined, true, {}), COLOURED);
  assert.equal(styleFor("auto", true, { NO_COLOR: "" }), COLOURED);
  assert.equal(styleFor("auto", true, { NO_COLOR: "1" }), PLAIN);
  assert.equal(styleFor("auto", true, { TERM: "dumb" }), PLAIN);
  assert.equal(styleFor("auto", false, {}), PLAIN);
  assert.equal(styleFor("always", false, { NO_COLOR: "1" }), COLOURED);
  assert.equal(styleFor("never", true, {}), PLAIN);
  assert.throws(
    () => styleFor("constructor", true, {}),
    /--color: constructor; it is one of auto, always, never/,
  );
});
