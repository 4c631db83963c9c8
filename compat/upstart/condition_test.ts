import assert from "node:assert/strict";
import type { JobCondition } from "../../lib/model/condition.ts";
import { formatCondition } from "./condition.ts";
import { parseConf } from "./parse.ts";

const read = (text: string) => parseConf(text, "f", "mill").startOn as JobCondition;

const SHOWN: [text: string, shown: string][] = [
  ["dawn", "dawn"],
  ["dawn and rain", "(dawn and rain)"],
  ["dawn or rain and wind or snow", "(((dawn or rain) and wind) or snow)"],
  ["dawn or (rain and wind)", "(dawn or (rain and wind))"],
  ["(((dawn)) and ((rain or ((wind)))))", "(dawn and (rain or wind))"],
  ["(dawn)or(rain)", "(dawn or rain)"],
  ["dawn A=1 B!=2 or rain x y C=z", "(dawn A=1 B!=2 or rain x y C=z)"],
  ["dawn A='b c' \"D=(e)\" F=", "dawn A=b c D=(e) F="],
  ["'and' or \"or\"", "(and or or)"],
  ["dawn AND rain", "dawn AND rain"],
  ["dawn'('x", "dawn(x"],
  ["dawn A=b=c =d", "dawn A=b=c =d"],
  ["( # open\n dawn # first\n and rain\n)", "(dawn and rain)"],
  ["(dawn \\\n\n and rain)", "(dawn and rain)"],
  ["dawn \\\n and rain", "(dawn and rain)"],
  ["(dawn\nA=1\nB=2)", "dawn A=1 B=2"],
];
for (const [text, shown] of SHOWN) {
  Deno.test(`condition ${JSON.stringify(text)}`, () =>
    assert.equal(formatCondition(read(`start on ${text}`)), shown));
}

Deno.test("the words behind an event are compared by position, by name, and for being different", () => {
  assert.deepEqual(read("start on tide high KIND=spring SHORE!=east* !=x"), {
    kind: "event",
    name: "tide",
    matches: [
      { value: "high" },
      { key: "KIND", value: "spring" },
      { key: "SHORE", value: "east*", negated: true },
      { key: "", value: "x", negated: true },
    ],
  });
});

const REFUSED: [text: string, problem: string][] = [
  ["", "1: Expected token"],
  ["# dawn", "1: Expected token"],
  ["''", "1: Expected token"],
  ["dawn and", "1: Expected event"],
  ["and dawn", "1: Expected event"],
  ["dawn and or rain", "1: Expected event"],
  ["()", "1: Expected event"],
  [")", "1: Expected event"],
  ["(dawn and\n", "1: Expected event"],
  ["dawn)", "1: Mismatched parentheses"],
  ["(dawn", "1: Mismatched parentheses"],
  ["(dawn\n", "2: Mismatched parentheses"],
  ["(dawn # first\n", "2: Mismatched parentheses"],
  ["dawn (rain)", "1: Expected operator"],
  ["(dawn) (rain)", "1: Expected operator"],
  ["(dawn) rain", "1: Expected operator"],
  ["((dawn)\nrain A=1\n)", "3: Expected operator"],
  ["(dawn\n\nand rain)", "2: Expected token"],
  ["(dawn\n # remark\nand rain)", "2: Expected token"],
  ["(dawn\n   ", "2: Expected token"],
  ["dawn A=1 high", "1: Expected variable name before value"],
  ["dawn\n  and rain", "2: Unknown stanza"],
];
for (const [text, problem] of REFUSED) {
  Deno.test(`refused condition ${JSON.stringify(text)}`, () => {
    assert.throws(() => read(`start on ${text}`), { name: "ParseError", message: `f:${problem}` });
  });
}

Deno.test("brackets must stand apart from the stanza's name", () => {
  assert.throws(() => read("start on(dawn)"), { message: "f:1: Unknown stanza" });
});

Deno.test("a condition of a thousand operators is read and printed, one more is refused", () => {
  const many = "start on e" + " or e".repeat(1000);
  assert.equal(formatCondition(read(many)).length, many.length - "start on ".length + 2000);
  assert.throws(() => read(many + " or e"), { message: "f:1: Too many operators" });
});
