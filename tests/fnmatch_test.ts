/** Shell patterns of conditions, compared with fnmatch(3) of the C library. */

import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import fc from "fast-check";
import { matchesPattern } from "../lib/engine/conditions/pattern.ts";
import { encodeBytes } from "../lib/model/text/bytes.ts";

const library = Deno.dlopen("libc.so.6", {
  fnmatch: { parameters: ["buffer", "buffer", "i32"], result: "i32" },
  setlocale: { parameters: ["i32", "buffer"], result: "pointer" },
});
const LC_ALL = 6;

function bytes(text: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Buffer.from(`${encodeBytes(text)}\0`, "latin1"));
}

/** Chooses how bytes above 127 are read. */
function setLocale(name: string): void {
  assert(library.symbols.setlocale(LC_ALL, bytes(name)) !== null, name);
}

function fnmatch(pattern: string, text: string): boolean {
  return library.symbols.fnmatch(bytes(pattern), bytes(text), 0) === 0;
}

function text(...characters: string[]) {
  return fc.array(fc.constantFrom(...characters), { maxLength: 12 }).map((all) => all.join(""));
}

const CLASSES = "alnum alpha blank cntrl digit graph lower print punct space upper xdigit"
  .split(" ").map((name) => `[:${name}:]`);
const MEMBERS = [
  "a",
  "b",
  "c-e",
  "z-a",
  "A-Z",
  "/",
  ".",
  "\\]",
  "\\-",
  "\\a",
  "1-3",
  ":",
  "[a",
  "*",
  "?",
];

/** A set that is closed. */
function set(...more: string[]) {
  const members = fc.array(fc.constantFrom(...MEMBERS, ...CLASSES, ...more), { minLength: 1, maxLength: 4 });
  return fc.tuple(
    fc.constantFrom("[", "[!", "[^"),
    fc.constantFrom("", "]", "-"),
    members,
    fc.constantFrom("", "-"),
  )
    .map(([start, first, all, last]) => `${start}${first}${all.join("")}${last}]`);
}

/** A pattern; a backslash, or a bracket that is not closed, may be its end. */
function pattern(...more: string[]) {
  const place = fc.oneof(
    { weight: 3, arbitrary: fc.constantFrom("a", "b", "A", "1", "-", "]", "/", ".", "!", ...more) },
    { weight: 3, arbitrary: fc.constantFrom("*", "?", "**") },
    { weight: 1, arbitrary: fc.constantFrom("\\*", "\\a", "\\\\", "\\[") },
    { weight: 2, arbitrary: set(...more) },
  );
  return fc.tuple(fc.array(place, { maxLength: 8 }), fc.constantFrom("", "", "", "\\", "[", "[a", "[!"))
    .map(([places, end]) => places.join("") + end);
}

/** Holds matches against those of fnmatch in a locale, or else in none. */
function compare(patterns: fc.Arbitrary<string>, texts: fc.Arbitrary<string>, locale = "C"): void {
  const same = fc.property(patterns, texts, (pattern, text) => {
    const matches = matchesPattern(pattern, text);
    setLocale("C");
    const byBytes = fnmatch(pattern, text);
    setLocale(locale);
    if (locale === "C") assert.equal(matches, byBytes);
    else assert.equal(matches || byBytes, fnmatch(pattern, text));
  });
  fc.assert(same, { numRuns: 20_000 });
}

const ASCII = [
  "a",
  "b",
  "c",
  "d",
  "A",
  "Z",
  "1",
  "-",
  "]",
  "[",
  "/",
  ".",
  "!",
  "\\",
  "*",
  "?",
  " ",
  "\n",
  "\x7f",
];

Deno.test("patterns and texts of ASCII, as fnmatch matches them", () => {
  compare(pattern(), text(...ASCII));
});

Deno.test("characters outside ASCII, as fnmatch matches them in a UTF-8 locale", () => {
  const others = ["é", "ß", "Ж", "€", "\u{1f600}", "٣", "²", "\u00a0", "\u2003"];
  // In such a locale, fnmatch then tries the bytes by themselves, too.
  compare(pattern(...others), text("a", "b", "1", "-", ...others), "C.UTF-8");
});

Deno.test("bytes that are no UTF-8, as fnmatch matches them in no locale", () => {
  const others = ["\udc80", "\udcff", "\udcc3"];
  compare(pattern(...others), text("a", "b", "-", ...others));
});

Deno.test("no pattern takes long, however many stars it has", () => {
  const ab = "ab".repeat(2000);
  assert.equal(matchesPattern("*a*b*c*", ab), false);
  assert.equal(matchesPattern(`${"*a".repeat(60)}b`, "a".repeat(100_000)), false);
  assert.equal(matchesPattern(`${"*a?".repeat(60)}c`, ab), false);
  assert.equal(matchesPattern(`${"*[ab]".repeat(500)}`, ab), true);
  assert.equal(matchesPattern(`${"?*".repeat(5000)}`, ab), false);
});
