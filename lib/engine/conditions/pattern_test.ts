/** Shell patterns, as fnmatch(3) of glibc matches them. */

import assert from "node:assert/strict";
import { matchesPattern } from "./pattern.ts";

/** Pattern, texts that it matches, texts that it does not. */
const CASES: Array<[pattern: string, matching: string[], others: string[]]> = [
  ["net-up", ["net-up"], ["net-u", "net-up-"]],
  ["net-*", ["net-", "net-up", "net-/x"], ["net", "xnet-up"]],
  ["a-b?", ["a-bc", "a-b-"], ["a-b", "a-bcd"]],
  ["[a-c]-*", ["b-x"], ["d-x", "--x"]],
  ["[-a]*", ["-", "ax"], ["b"]],
  ["[a-]*", ["-x", "a"], ["b"]],
  ["[!-]*", ["a-"], ["-a", ""]],
  ["[[:alpha:]-]x", ["ax", "-x"], ["1x"]],
  ["[]a]*", ["]x", "a"], ["x]"]],
  ["[!]]*", ["a]"], ["]a"]],
  ["[a", ["[a"], ["a"]],
  ["[c-a]*", [], ["a", "b", "c"]],
  ["a\\", [], ["a", "a\\"]],
  ["\\*a*", ["*ab"], ["xab"]],
  ["a{b}*", ["a{b}c"], ["ab"]],
  ["(x|y)*", ["(x|y)z"], ["x", "y"]],
  ["^a.$*", ["^a.$b"], ["a"]],
];

for (const [pattern, matching, others] of CASES) {
  Deno.test(`the pattern ${pattern}`, () => {
    assert.deepEqual([...matching, ...others].filter((text) => matchesPattern(pattern, text)), matching);
  });
}
