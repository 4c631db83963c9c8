/** For tests: definitions of every kind that a `.conf` file can define. */

import fc from "fast-check";
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
import { parseConf } from "./mod.ts";

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

const fields = fc.record({
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

/** The definitions, called `mill`, as they come out of JSON. */
export const definitions = fields.map((fields) =>
  JSON.parse(JSON.stringify({ ...emptyJob("mill", "f"), ...fields })) as JobDefinition
);
