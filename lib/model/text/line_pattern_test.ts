import assert from "node:assert/strict";
import fc from "fast-check";
import { LinePattern, patternProblem } from "./line_pattern.ts";

const PATTERNS = [
  "",
  "ready",
  "^ready$",
  "listening on port \\d+",
  "a|b|",
  "(?:ab|a)(c|bcd)*$",
  "x{2,3}y{2}z{1,}",
  "[a-c\\d_-]+!",
  "[^a-y]",
  "[]|a",
  "\\bup\\b",
  "\\Bp",
  "(?<name>a+?)b??c",
  "\\x61\\u0062\\tc",
  ".\\.",
  "[\\]\\\\^]",
  "a{,2}",
  "(a*)*b",
  "\\cJ|\\/",
  "a\\c1|\\c",
  "[\\c1\\c_]|[\\c!]b",
  "[\\w-z]",
];

Deno.test("a pattern matches the lines that the runtime's own matcher does", () => {
  const pieces = [
    ..."abcdpuxyz_-!^\\]1 ./{,}",
    "ready",
    "listening on port 80",
    "\t",
    "é",
    "up",
    "\u2028",
    "a\\c1",
    "\x11",
  ];
  const lines = fc.array(fc.constantFrom(...pieces), { maxLength: 12 }).map((words) => words.join(""));
  for (const source of PATTERNS) {
    const pattern = new LinePattern(source), expected = new RegExp(source);
    fc.assert(fc.property(lines, (line) => pattern.matches(line) === expected.test(line)), { numRuns: 300 });
  }
});

Deno.test("an expression that takes others exponential time takes a step per state and character", () => {
  const line = "a".repeat(4096);
  for (const source of ["(a+)+$b", "(a|a)*b", "(a|aa)+$!", "(.*.*.*)*x"]) {
    assert(!new LinePattern(source).matches(line));
  }
});

Deno.test("what is no expression, or none that can be had, is told", () => {
  const cases: Record<string, RegExp> = {
    "(": /Unterminated|missing|parenthes/i,
    "(a)\\1": /refers back/,
    "a(?=b)": /looks ahead/,
    "(?<!a)b": /looks ahead or behind/,
    "a{501}": /more than 500 times/,
    "(a{30}){30}": /too large/,
    "(((a{9}){9}){9}){9}": /too large/,
  };
  for (const [source, problem] of Object.entries(cases)) {
    assert.match(patternProblem(source) ?? "", problem, source);
  }
  assert.match(patternProblem("(".repeat(60) + ")".repeat(60)) ?? "", /too deep/);
  assert.equal(patternProblem("a+"), undefined);
});

Deno.test("any text is a pattern or is refused, and a pattern agrees with the runtime's", () => {
  const characters = fc.constantFrom(..."ab()[]{}*+?|^$.\\,-12dwsbBk:=!<>x");
  const sources = fc.array(characters, { maxLength: 10 }).map((all) => all.join(""));
  const lines = fc.array(fc.constantFrom(..."ab1 -"), { maxLength: 6 }).map((all) => all.join(""));
  fc.assert(
    fc.property(sources, lines, (source, line) => {
      if (patternProblem(source) !== undefined) return true;
      return new LinePattern(source).matches(line) === new RegExp(source).test(line);
    }),
    { numRuns: 3000 },
  );
});
