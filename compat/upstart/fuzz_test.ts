import fc from "fast-check";
import assert from "node:assert/strict";
import { formatConf } from "./format.ts";
import { applyOverride, parseConf } from "./parse.ts";
import { ParseError } from "../../lib/formats/error.ts";

const SAMPLE = `# a mill
description "grinds 'corn'"
start on (dawn and (wind KIND=west DIR!=down \\
  or steam)   # either
  and net-up)
stop on dusk
env GRAIN='corn and rye'
export GRAIN HOME
respawn
respawn limit 3 60
normal exit 0 TERM
kill timeout 9
kill signal INT
console output
umask 027
nice -5
oom score 12
limit nofile 64 unlimited
cgroup memory $UPSTART_CGROUP limit 5000
apparmor switch mill
pre-start script
    for part in wheel stone; do
      oil "$part"
    done
end script
post-stop exec sweep --floor \\
  --walls
manual
exec grind "$GRAIN" a\\ b # slowly
`;

/** Parses and, when that is possible, prints and parses again. Only a ParseError may come out. */
function read(text: string): void {
  try {
    const job = parseConf(text, "f", "mill");
    applyOverride(job, text, "g");
    // Strings are cut short at a zero byte, even within quotes, which then cannot be written.
    if (!text.includes("\0")) assert.deepEqual(parseConf(formatConf(job), "f", "mill"), job);
  } catch (error) {
    if (!(error instanceof ParseError)) throw error;
    assert.match(error.message, /^[fg]:(\d+| Error while loading configuration file): [A-Z]/);
    const lines = text.split("\n").length;
    assert.ok(error.line === undefined || (error.line >= 1 && error.line <= lines), error.message);
  }
}

const byte = fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code));
const token = fc.constantFrom(
  ...SAMPLE.split(/(\s+)/),
  ..."\n|\\\n|\\|'|\"|#|(|)|and|or|\0|\r| |\t|script\n|end script|exec |start on |usage |''|=|-1".split("|"),
);

Deno.test("any bytes are read or refused", () => {
  fc.assert(fc.property(fc.array(byte).map((parts) => parts.join("")), read), { numRuns: 2000 });
});

Deno.test("any sequence of a job file's parts is read or refused", () => {
  fc.assert(fc.property(fc.array(token, { maxLength: 40 }).map((parts) => parts.join("")), read), {
    numRuns: 3000,
  });
});

Deno.test("a job file is read or refused after any change to it", () => {
  const change = fc.tuple(fc.nat(SAMPLE.length), fc.nat(6), fc.oneof(token, byte));
  fc.assert(
    fc.property(fc.array(change, { minLength: 1, maxLength: 6 }), (changes) => {
      read(
        changes.reduce(
          (text, [at, removed, added]) => text.slice(0, at) + added + text.slice(at + removed),
          SAMPLE,
        ),
      );
    }),
    { numRuns: 3000 },
  );
});

const LARGE: Record<string, string> = {
  "a long blank line": " ".repeat(1e6),
  "blanks in quotes": `usage '${" ".repeat(1e6)}'`,
  "broken lines": `usage '${"\n \\\n".repeat(2e5)}'`,
  "brackets": `start on ${"(".repeat(1e6)}`,
  "balanced brackets": `start on ${"(".repeat(3e5)}dawn${")".repeat(3e5)}`,
  "operators": `start on ${"a or ".repeat(2e5)}a`,
  "words": `emits ${"a ".repeat(5e5)}`,
  "quotes": `usage ${"''".repeat(5e5)}a`,
  "backslashes": `exec ${"\\\\".repeat(5e5)}`,
  "bytes that are no UTF-8": `usage ${"\xff".repeat(1e6)}`,
  "deep indentation": `script\n${" ".repeat(5e5)}\n${" \n".repeat(2e5)}end script`,
  "ends of scripts that are none": `script\n${`end ${" ".repeat(500)}\n`.repeat(2000)}`,
  "digits": `limit core ${"9".repeat(1e6)} 1`,
  "stanzas": "cgroup a b c\n".repeat(8e4),
};
for (const [what, text] of Object.entries(LARGE)) {
  Deno.test(`a file of a megabyte: ${what}`, () => read(text));
}
