import assert from "node:assert/strict";
import { lastGiven, type Option, parseOptions, type ParseRules, valueOf } from "./options.ts";
import { UsageError } from "./usage_error.ts";

const TABLE: Option[] = [
  { short: "q", long: "quiet" },
  { short: "v", long: "verbose" },
  { short: "o", long: "output", argument: "FILE" },
  { short: "x", long: "" },
  { long: "help" },
];

/** A command line and what it says: the options with their values, the arguments, and the rest. */
const CASES: Array<
  [words: string[], options: Record<string, string[]>, args: string[], rest?: string[], rules?: ParseRules]
> = [
  [[], {}, []],
  [["-q", "a", "--verbose", "b", "-"], { quiet: [""], verbose: [""] }, ["a", "b", "-"]],
  [["-qvq"], { verbose: [""], quiet: ["", ""] }, []],
  [["--output=a=b", "-oc", "-o", "d", "e", "--output", "f"], { output: ["a=b", "c", "d", "f"] }, ["e"]],
  [["--output="], { output: [""] }, []],
  // A value is the next word that is no option, as in libnih.
  [["-qo", "-v", "a", "b"], { quiet: [""], output: ["a"], verbose: [""] }, ["b"]],
  [["a", "--", "-q", "--", "b"], {}, ["a", "-q", "--", "b"]],
  [["-x"], { "": [""] }, []],
  [["--help", "--frob"], { help: [""] }, []],
  [["-q", "a", "-v", "b"], { quiet: [""] }, ["a"], ["-v", "b"], { stopAtArgument: true }],
  [["--", "-v", "b"], {}, ["-v"], ["b"], { stopAtArgument: true }],
  [["--frob=1", "-zqz", "a"], { quiet: [""] }, ["a"], [], { ignoreUnknown: true }],
];

for (const [words, options, args, rest = [], rules] of CASES) {
  Deno.test(`command line: ${words.join(" ")}`, () => {
    const { given: _, ...parsed } = parseOptions(words, TABLE, rules);
    assert.deepEqual({ ...parsed, options: Object.fromEntries(parsed.options) }, { options, args, rest });
  });
}

const WRONG: Array<[words: string[], message: string]> = [
  [["--frob=1"], "invalid option: --frob=1"],
  [["-qz"], "invalid option: -z"],
  [["--=1"], "invalid option: --=1"],
  [["--quiet=1"], "unexpected argument: --quiet=1"],
  [["a", "--output"], "missing argument: --output"],
  [["-o", "-q"], "missing argument: -o"],
];

for (const [words, message] of WRONG) {
  Deno.test(`wrong command line: ${words.join(" ")}`, () => {
    assert.throws(
      () => parseOptions(words, TABLE),
      (error) => error instanceof UsageError && error.message === message,
    );
  });
}

Deno.test("with getopt's rules a value is the next word, names may be cut, and the order is kept", () => {
  const parse = (...words: string[]) => parseOptions(words, TABLE, { getopt: true });
  const parsed = parse("-qo", "-v", "--out=x", "--verb", "-qof", "--", "-q");
  assert.deepEqual(parsed.given, [["quiet", ""], ["output", "-v"], ["output", "x"], ["verbose", ""], [
    "quiet",
    "",
  ], [
    "output",
    "f",
  ]]);
  assert.deepEqual(parsed.args, ["-q"]);
  const wrong = [
    [["--frob=1"], "unrecognized option '--frob=1'"],
    [["-qz"], "invalid option -- 'z'"],
    [["--quiet=1"], "option '--quiet' doesn't allow an argument"],
    [["-qo"], "option requires an argument -- 'o'"],
    [["--outp"], "option '--output' requires an argument"],
  ] as const;
  for (const [words, message] of wrong) assert.throws(() => parse(...words), { message });
});

Deno.test("of several, the option that was given last counts, and the last value", () => {
  const parsed = parseOptions(["-q", "-v", "-q", "-oa", "-ob"], TABLE);
  assert.equal(lastGiven(parsed.options, ["quiet", "verbose"]), "quiet");
  assert.equal(valueOf(parsed, "output"), "b");
  assert.equal(valueOf(parsed, "quiet"), "");
});
