import assert from "node:assert/strict";
import { selectJobs } from "./selection.ts";

const KNOWN = ["api", "web", "web-2", "[x]", "db"];

for (
  const [words, jobs, problems] of [
    [["web"], ["web"], []],
    [["db", "web*", "web"], ["web", "web-2", "db"], []],
    [["*"], KNOWN, []],
    // A name goes before a pattern.
    [["[x]"], ["[x]"], []],
    [["w?b", "[ad]*"], ["api", "web", "db"], []],
    [["wbe", "nothing-like-it", "q*", "api"], ["api"], [
      "Unknown job: wbe (is web meant?)",
      "Unknown job: nothing-like-it",
      "No job matches q*",
    ]],
    [[""], [], ["Unknown job: "]],
    [[], [], []],
  ] as Array<[string[], string[], string[]]>
) {
  Deno.test(`jobs that are chosen by: ${words.join(" ")}`, () => {
    assert.deepEqual(selectJobs(words, KNOWN), { jobs, problems });
  });
}
