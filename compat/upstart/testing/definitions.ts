/** For tests: definitions of every kind that a `.conf` file can define. */

import fc from "fast-check";
import { decodeBytes, encodeBytes } from "../../../lib/model/text/bytes.ts";
import {
  CHECK_KINDS,
  type CheckDefinition,
  type CheckKind,
  type CheckUse,
  isPolledKind,
  REMEDIES,
} from "../../../lib/model/checks/check.ts";
import type { JobCondition } from "../../../lib/model/condition.ts";
import {
  FIELD_ROWS,
  type FieldKind,
  type FieldName,
  type FieldRow,
  FIELDS,
  type FieldValues,
  SEMANTICS,
} from "../../../lib/model/fields.ts";
import {
  defaultOf,
  emptyJob,
  type JobDefinition,
  PROCESS_NAMES,
  RESOURCES,
  type Semantics,
} from "../../../lib/model/job.ts";
import { formatReference } from "../../../lib/model/text/references.ts";
import type { LogTarget } from "../../../lib/model/logs/settings.ts";
import { isJobName, isReference } from "../../../lib/model/validate.ts";
import { parseConf } from "../parse.ts";

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

const position = word.filter((text) => !text.includes("=")).map((value) => ({ value }));
const named = fc.tuple(text, text, fc.boolean()).map(([name, value, negated]) => {
  // Bytes that were parted by what is taken out may make a character together.
  const key = decodeBytes(encodeBytes(name.replace(/[=]|!+$/g, "")));
  return negated ? { key: key, value, negated } : { key, value };
}).filter(({ key }) => !key.endsWith("!"));
const comparison = fc.record({
  key: fc.constantFrom("INSTANCE", "RESULT", "PROCESS", "EXIT_STATUS", "EXIT_SIGNAL", "DISPLAY"),
  value: fc.constantFrom("ok", "fail*", "main", "pre-stop", "0", "34", "TERM", "SIGTERM", "x"),
});
const jobEvent = fc.record({
  kind: fc.constant("event" as const),
  name: fc.constantFrom("starting", "started", "stopping", "stopped"),
  matches: fc.tuple(position, fc.array(comparison, { maxLength: 3 })).map((
    [job, others],
  ) => [job, ...others]),
});
const anyEvent = fc.record({
  kind: fc.constant("event" as const),
  name: word,
  matches: fc.tuple(fc.array(position, { maxLength: 2 }), fc.array(named, { maxLength: 2 })).map((all) =>
    all.flat()
  ),
});
const event = fc.oneof({ weight: 2, arbitrary: anyEvent }, { weight: 1, arbitrary: jobEvent });
const { condition } = fc.letrec<{ condition: JobCondition }>((tie) => ({
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
const limitValue = fc.oneof(fc.constant("unlimited" as const), fc.nat());

const span = fc.constantFrom(0.01, 0.5, 1, 60, 1.25);
const status = fc.integer({ min: 100, max: 599 });

/** What checks of each kind look at. */
const TARGETS: { [Kind in CheckKind]: fc.Arbitrary<object> } = {
  http: fc.record({
    url: word.map((text) => `http://h/${text}`),
    status: fc.tuple(status, status).map(([one, other]) => [Math.min(one, other), Math.max(one, other)]),
    body: word,
    header: fc.dictionary(fc.constantFrom("Host", "X-Mill"), fc.constantFrom("mill", "a b", "'"), {
      minKeys: 1,
    }),
  }, { requiredKeys: ["url"] }),
  tcp: fc.record({ address: fc.constantFrom("80", "mill:80", "[::1]:80", "$PORT") }),
  unix: fc.record({ path: word }),
  exec: fc.record({
    command: fc.record({ kind: fc.constant("exec"), command: fc.constantFrom("true", "a  'b' | c", "a\\ ") }),
  }),
  file: fc.record({ path: word }),
  log: fc.record({ pattern: fc.constantFrom("ready", "a b", "^\\d+/$") }),
  notify: fc.constant({}),
  fd: fc.record({ descriptor: fc.integer({ min: 3, max: 1023 }) }),
  stopped: fc.constant({}),
};

function checks(use: CheckUse): fc.Arbitrary<CheckDefinition> {
  const health = {
    failures: fc.integer({ min: 1 }),
    then: fc.constantFrom(...REMEDIES),
  };
  const settings = fc.record(
    { every: span, timeout: span, ...(use === "alive" && health) },
    { requiredKeys: [] },
  );
  const kinds = CHECK_KINDS[use].map((kind) =>
    fc.tuple(TARGETS[kind], isPolledKind(kind) ? settings : fc.constant({})).map(([target, more]) =>
      ({ kind, ...target, ...more }) as CheckDefinition
    )
  );
  return fc.oneof(...kinds);
}

/** Values of each kind, as the stanzas of `.conf` files can say them. */
const KINDS: { [Kind in FieldKind]: (row: FieldRow<Kind>) => fc.Arbitrary<FieldValues[Kind]> } = {
  text: () => word,
  flag: () => fc.boolean(),
  choice: ({ choices }) => fc.constantFrom(...choices),
  integer: ({ lowest, highest }) => fc.integer({ min: lowest, max: highest }),
  seconds: () => fc.nat(),
  timeLimit: () => fc.oneof(fc.double({ min: 1e-9, max: 1e9, noNaN: true }), fc.integer({ min: 1 })),
  signal: () => fc.integer({ min: 0, max: 64 }),
  mask: () => fc.integer({ min: 0, max: 0o777 }),
  account: () => word,
  words: () => fc.array(word, { maxLength: 2 }),
  variables: () => fc.array(word, { maxLength: 2 }),
  references: ({ completions }) =>
    fc.array(
      fc.tuple(word.filter(isJobName), fc.boolean()).map(([name, completed]) =>
        formatReference({ name, completed: completed && completions })
      ).filter((word) => isReference(word, completions)),
      { maxLength: 3 },
    ),
  environment: () => fc.array(word, { maxLength: 2 }),
  condition: () => condition,
  exits: () =>
    fc.array(
      fc.oneof(
        fc.record({ status: fc.integer({ min: 0, max: 255 }) }),
        fc.record({ signal: fc.integer({ min: 1, max: 64 }) }),
      ),
      { maxLength: 3 },
    ),
  respawnLimit: () =>
    fc.oneof(
      fc.constant("unlimited" as const),
      fc.record({ count: fc.integer({ min: 1 }), interval: fc.integer({ min: 1 }) }),
    ),
  backoff: () =>
    fc.record({
      delay: fc.double({ min: 0.001, max: 30, noNaN: true }),
      factor: fc.double({ min: 1, max: 10, noNaN: true }),
      max: fc.integer({ min: 30, max: 1e9 }),
      jitter: fc.double({ min: 0, max: 1, noNaN: true }),
      resetAfter: fc.nat(),
    }),
  oomScore: () => fc.oneof(fc.constant("never" as const), fc.integer({ min: -999, max: 1000 })),
  limits: () =>
    fc.dictionary(fc.constantFrom(...RESOURCES), fc.record({ soft: limitValue, hard: limitValue })),
  cgroups: () =>
    fc.array(
      fc.oneof(
        fc.record({ controller: word }),
        fc.record({ controller: word, name: word }),
        fc.record({ controller: word, key: word, value: word }),
        fc.record({ controller: word, name: word, key: word, value: word }),
      ),
      { maxLength: 2 },
    ),
  check: ({ use }) => checks(use),
  ceilings: () => fc.record({ memory: fc.integer({ min: 1 }) }),
  rotation: () =>
    fc.oneof(
      fc.constant("none" as const),
      fc.record(
        {
          size: fc.integer({ min: 1 }),
          age: fc.integer({ min: 1 }),
          keep: fc.nat(),
          compress: fc.constantFrom("none" as const, "gzip" as const, "zstd" as const),
        },
        { requiredKeys: ["size", "keep", "compress"] },
      ),
    ),
  logLimit: () =>
    fc.record(
      { lines: fc.integer({ min: 1 }), bytes: fc.integer({ min: 1 }), per: fc.integer({ min: 1 }) },
      { requiredKeys: ["lines", "per"] },
    ),
  logTargets: () =>
    fc.subarray<LogTarget>(
      ["file", "syslog", "syslog:local3.notice", "journald", "stdout", "otlp:http://collector:4318/v1/logs"],
      { minLength: 1 },
    ),
};

/** Values of the fields that have a stanza, each by itself. */
export const FIELD_VALUES: ReadonlyArray<readonly [FieldName, fc.Arbitrary<unknown>]> = FIELD_ROWS
  .filter(([, { stanza }]) => stanza !== undefined)
  .map(([name, row]) => [name, KINDS[row.kind](row as never).map(plain)] as const);

/** A value as it comes out of JSON: its objects have the usual prototype. */
function plain(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}

const fields = (semantics: Semantics) =>
  fc.record({
    ...Object.fromEntries(FIELD_VALUES.map(([name, values]) => {
      const usual = defaultOf(name, { semantics });
      const isOptional = (FIELDS[name] as FieldRow).default === undefined;
      const others = isOptional ? fc.option(values, { nil: undefined }) : values;
      return [name, fc.option(others, { nil: usual, freq: isOptional ? 1 : 5 })];
    })),
    semantics: fc.constant(semantics),
    processes: fc.dictionary(fc.constantFrom(...PROCESS_NAMES), fc.oneof(command, script)),
  });

/** The definitions, called `mill`, as they come out of JSON. */
export const definitions = fc.constantFrom(...SEMANTICS).chain(fields).map((fields) =>
  JSON.parse(JSON.stringify({ ...emptyJob("mill", "f"), ...fields })) as JobDefinition
);
