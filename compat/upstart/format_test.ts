import fc from "fast-check";
import assert from "node:assert/strict";
import { decodeBytes, encodeBytes } from "../../lib/model/bytes.ts";
import type { Condition } from "../../lib/model/condition.ts";
import {
  CONSOLES,
  emptyJob,
  EXPECTATIONS,
  type JobDefinition,
  PROCESS_NAMES,
  RESOURCES,
} from "../../lib/model/job.ts";
import { formatConf, parseConf } from "./mod.ts";

const again = (job: JobDefinition) => parseConf(formatConf(job), job.source, job.name);

Deno.test("a definition is printed in paragraphs, with what differs from the defaults alone", () => {
  const text = `description 'a mill'
version 3

start on ((dawn or noon A!=b) and wind KIND='a b')
stop on dusk
emits ground

env GRAIN='corn # rye'
env HOME
export GRAIN

respawn
respawn limit unlimited
normal exit 0 TERM
kill signal INT

umask 027
nice -5
limit nofile 64 unlimited

exec grind "$GRAIN"

pre-start script
    if true
      then oil
    fi
end script
`;
  assert.equal(formatConf(parseConf(text, "f", "mill")), text);
});

Deno.test("an empty definition is an empty file", () => assert.equal(formatConf(emptyJob("mill", "f")), ""));

Deno.test("what .conf has no words for is said in the nearest way", () => {
  const job: JobDefinition = {
    ...emptyJob("mill", "f"),
    description: "two\nlines",
    usage: "",
    killTimeout: 1.5,
    processes: {
      main: { kind: "exec", command: "grind 'corn\nrye'" },
      "pre-start": { kind: "function", module: "/conf/mill.ts", job: "mill" },
      "post-stop": { kind: "arguments", words: ["sweep", "a b", "$DUST", '$5 `x` "y" \\'] },
    },
  };
  assert.equal(
    formatConf(job),
    `description 'two lines'

kill timeout 2

script
    exec grind 'corn
    rye'
end script

# pre-start: a function of job mill in /conf/mill.ts

post-stop script
    exec "sweep" "a b" "$DUST" "\\$5 \\\`x\\\` \\"y\\" \\\\"
end script
`,
  );
});

// What a job file can hold: bytes but no zero byte or line break, in words that are not empty.
const bytes = fc.array(
  fc.oneof(
    { weight: 3, arbitrary: fc.constantFrom(..."ab \t\r\v#\\'\"()=!$", "and", "or", encodeBytes("ü大")) },
    { weight: 1, arbitrary: fc.integer({ min: 1, max: 255 }).map((code) => String.fromCharCode(code)) },
  ),
  { maxLength: 8 },
).map((parts) => parts.join("").replaceAll("\n", ""));
const text = bytes.map(decodeBytes);
const word = text.filter((text) => text !== "");
const maybe = <Value>(value: fc.Arbitrary<Value>) => fc.option(value, { nil: undefined, freq: 1 });

const position = word.filter((text) => !text.includes("=")).map((value) => ({ value }));
const named = fc.tuple(text, text, fc.boolean()).map(([name, value, negated]) => {
  const key = name.replace(/[=]|!+$/g, "");
  return negated ? { key: key, value, negated } : { key, value };
}).filter(({ key }) => !key.endsWith("!"));
const event = fc.record({
  kind: fc.constant("event" as const),
  name: word,
  matches: fc.tuple(fc.array(position, { maxLength: 2 }), fc.array(named, { maxLength: 2 })).map((all) =>
    all.flat()
  ),
});
const { condition } = fc.letrec<{ condition: Condition }>((tie) => ({
  condition: fc.oneof(
    { maxDepth: 4 },
    event,
    fc.record({ kind: fc.constantFrom("and", "or"), left: tie("condition"), right: tie("condition") }),
  ),
}));

const command = bytes.map((text) => {
  try {
    return parseConf(`exec ${text}`, "f", "x").processes.main;
  } catch {
    return undefined;
  }
}).filter((program) => program !== undefined);
const script = fc.array(text.filter((line) => !/^\s*end\s/.test(line)), { maxLength: 5 }).map((lines) => ({
  kind: "script" as const,
  text: lines.length === 0 ? "" : ["#", ...lines, ""].join("\n"),
}));
const signal = fc.integer({ min: 0, max: 64 });
const limitValue = fc.oneof(fc.constant("unlimited" as const), fc.nat());

const definition = fc.record({
  description: maybe(word),
  author: maybe(word),
  version: maybe(word),
  usage: maybe(word),
  startOn: maybe(condition),
  stopOn: maybe(condition),
  emits: fc.array(word, { maxLength: 2 }),
  instance: text,
  env: fc.array(word, { maxLength: 2 }),
  export: fc.array(word, { maxLength: 2 }),
  task: fc.boolean(),
  respawn: fc.boolean(),
  respawnLimit: fc.oneof(
    fc.constant("unlimited" as const),
    fc.record({ count: fc.integer({ min: 1 }), interval: fc.integer({ min: 1 }) }),
  ),
  normalExit: fc.array(
    fc.oneof(
      fc.record({ status: fc.integer({ min: 0, max: 255 }) }),
      fc.record({ signal: fc.integer({ min: 1, max: 64 }) }),
    ),
    { maxLength: 3 },
  ),
  expect: fc.constantFrom(...EXPECTATIONS),
  killTimeout: fc.nat(),
  killSignal: signal,
  reloadSignal: signal,
  console: maybe(fc.constantFrom(...CONSOLES)),
  umask: maybe(fc.integer({ min: 0, max: 0o777 })),
  nice: maybe(fc.integer({ min: -20, max: 19 })),
  oomScore: maybe(fc.oneof(fc.constant("never" as const), fc.integer({ min: -999, max: 1000 }))),
  chroot: maybe(word),
  chdir: maybe(word),
  limit: fc.dictionary(fc.constantFrom(...RESOURCES), fc.record({ soft: limitValue, hard: limitValue })),
  setuid: maybe(word),
  setgid: maybe(word),
  cgroups: fc.array(
    fc.oneof(
      fc.record({ controller: word }),
      fc.record({ controller: word, name: word }),
      fc.record({ controller: word, key: word, value: word }),
      fc.record({ controller: word, name: word, key: word, value: word }),
    ),
    { maxLength: 2 },
  ),
  apparmorLoad: maybe(word),
  apparmorSwitch: maybe(word),
  debug: fc.boolean(),
  processes: fc.dictionary(fc.constantFrom(...PROCESS_NAMES), fc.oneof(command, script)),
});

Deno.test("a printed definition is read back as it was", () => {
  fc.assert(
    fc.property(definition, (fields) => {
      const job = JSON.parse(JSON.stringify({ ...emptyJob("mill", "f"), ...fields })) as JobDefinition;
      assert.deepEqual(again(job), job);
    }),
    { numRuns: 500 },
  );
});
