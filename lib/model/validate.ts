/** The validation of job definitions that come as data, such as those of an evaluator child. */

import {
  CHECK_KINDS,
  type CheckKind,
  type CheckUse,
  isHeaderField,
  isPolledKind,
  REMEDIES,
  SHORTEST_SPAN,
} from "./checks/check.ts";
import { mayBeAddress, mayBeUrl } from "./checks/target.ts";
import { DEEPEST_CONDITION, type JobCondition, type Match } from "./condition.ts";
import {
  isComplete,
  isLogTarget,
  isPart,
  LOG_PARTS,
  type LogSettingKind,
  type PartKind,
} from "./logs/settings.ts";
import { patternProblem } from "./text/line_pattern.ts";
import { FIELD_ROWS, type FieldKind, type FieldRow } from "./fields.ts";
import { type Backoff, emptyJob, type JobDefinition, PROCESS_NAMES, RESOURCES } from "./job.ts";
import { hasStrayComma, isBrokenReference, parseReference } from "./text/references.ts";
import { LAST_SIGNAL } from "./signals.ts";

/** True when a value is what a field may hold. */
type Test = (value: unknown) => boolean;

const isString: Test = (value) => typeof value === "string" && !value.includes("\0");
const isBoolean: Test = (value) => typeof value === "boolean";
const isSeconds: Test = (value) => typeof value === "number" && Number.isFinite(value) && value >= 0;
const isTimeLimit: Test = (value) => isSeconds(value) && value !== 0;

function isInteger(lowest: number, highest: number): Test {
  return (value) => Number.isInteger(value) && (value as number) >= lowest && (value as number) <= highest;
}

function isOneOf(...values: readonly unknown[]): Test {
  return (value) => values.includes(value);
}

function either(...tests: Test[]): Test {
  return (value) => tests.some((test) => test(value));
}

function isListOf(test: Test): Test {
  return (value) => Array.isArray(value) && value.every(test);
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** An object that has all the required fields, none but these and the optional ones, each passing its test. */
function isObject(required: Record<string, Test>, optional: Record<string, Test> = {}): Test {
  return (value) =>
    isPlainObject(value) && Object.keys(required).every((key) => Object.hasOwn(value, key)) &&
    Object.entries(value).every(([key, field]) => {
      const test = Object.hasOwn(required, key)
        ? required[key]
        : Object.hasOwn(optional, key) && optional[key];
      return test && test(field);
    });
}

/** An object whose keys are some of these and whose values all pass the test. */
function isTable(keys: readonly string[], test: Test): Test {
  return isObject({}, Object.fromEntries(keys.map((key) => [key, test])));
}

const isMatch: (value: unknown) => value is Match = isObject(
  { value: isString },
  { key: isString, negated: isBoolean },
) as (value: unknown) => value is Match;

const isEventCondition = isObject({ kind: isOneOf("event"), name: isString, matches: isListOf(isMatch) });

function isCondition(value: unknown, depth = 0): value is JobCondition {
  if (isEventCondition(value)) return true;
  if (!isPlainObject(value) || depth > DEEPEST_CONDITION) return false;
  return (value.kind === "and" || value.kind === "or") &&
    isCondition(value.left, depth + 1) && isCondition(value.right, depth + 1);
}

const isProgram = either(
  isObject({ kind: isOneOf("exec"), command: isString }),
  isObject({ kind: isOneOf("script"), text: isString }),
  isObject({ kind: isOneOf("arguments"), words: isListOf(isString) }),
  isObject({ kind: isOneOf("function"), module: isString, job: isString }),
);

const isExit = either(
  isObject({ status: isInteger(0, 255) }),
  isObject({ signal: isInteger(1, LAST_SIGNAL) }, { core: isBoolean, isOutOfMemory: isOneOf(true) }),
);

const isLimitValue = either(isOneOf("unlimited"), isInteger(0, Number.MAX_SAFE_INTEGER));

const isPattern: Test = (value) => isString(value) && patternProblem(value as string) === undefined;

const isStatus = isInteger(100, 599);
const isRange: Test = (value) =>
  Array.isArray(value) && value.length === 2 && value.every(isStatus) && value[0] <= value[1];
const isUrl: Test = (value) => isString(value) && mayBeUrl(value as string);
const isAddress: Test = (value) => isString(value) && mayBeAddress(value as string);
const isPath: Test = (value) => isString(value) && value !== "";
const isCommand: Test = (value) =>
  isProgram(value) && ["exec", "arguments"].includes((value as { kind: string }).kind);

const isHeader: Test = (value) =>
  isPlainObject(value) &&
  Object.entries(value).every(([name, text]) => isString(text) && isHeaderField(name, text as string));

/** What checks of each kind have to say, and may say. */
const CHECKS: Record<CheckKind, [required: Record<string, Test>, optional?: Record<string, Test>]> = {
  http: [{ url: isUrl }, { status: isRange, body: isString, header: isHeader }],
  tcp: [{ address: isAddress }],
  unix: [{ path: isPath }],
  exec: [{ command: isCommand }],
  file: [{ path: isPath }],
  log: [{ pattern: isPattern }],
  notify: [{}],
  fd: [{ descriptor: isInteger(3, 1023) }],
  stopped: [{}],
};

/** A period or a time limit. */
const isSpan: Test = (value) => isSeconds(value) && (value as number) >= SHORTEST_SPAN;

/** When checks are made, and what follows. */
const CHECK_SETTINGS: Record<CheckUse, Record<string, Test>> = {
  ready: { every: isSpan, timeout: isSpan },
  alive: {
    every: isSpan,
    timeout: isSpan,
    failures: isInteger(1, Number.MAX_SAFE_INTEGER),
    then: isOneOf(...REMEDIES),
  },
};

function isCheck(use: CheckUse): Test {
  return either(...CHECK_KINDS[use].map((kind) => {
    const [required, optional = {}] = CHECKS[kind];
    return isObject({ kind: isOneOf(kind), ...required }, {
      ...optional,
      ...(isPolledKind(kind) && CHECK_SETTINGS[use]),
    });
  }));
}

const BACKOFF_TESTS: Record<keyof Backoff, Test> = {
  delay: isTimeLimit,
  factor: (value) => isSeconds(value) && value as number >= 1,
  max: isTimeLimit,
  jitter: (value) => isSeconds(value) && value as number <= 1,
  resetAfter: isSeconds,
};

const isBackoff: Test = (value) =>
  isObject(BACKOFF_TESTS)(value) && (value as Backoff).delay <= (value as Backoff).max;

function isLogSetting(kind: LogSettingKind): Test {
  const parts: Record<string, Test> = Object.fromEntries(
    Object.entries<PartKind>(LOG_PARTS[kind]).map(([name, part]) => [name, (value) => isPart(part, value)]),
  );
  return (value) => isObject({}, parts)(value) && isComplete(kind, value as object);
}

/** What the fields of each kind may hold. */
const KINDS: { [Kind in FieldKind]: (row: FieldRow<Kind>) => Test } = {
  text: () => isString,
  flag: () => isBoolean,
  choice: ({ choices }) => isOneOf(...choices),
  integer: ({ lowest, highest }) => isInteger(lowest, highest),
  seconds: () => isSeconds,
  timeLimit: () => isTimeLimit,
  signal: () => isInteger(1, LAST_SIGNAL),
  mask: () => isInteger(0, 0o777),
  account: () => isString,
  words: () => isListOf(isString),
  variables: () => isListOf(isString),
  environment: () => isListOf(isString),
  references: ({ completions }) => isListOf((word) => isReference(word, completions)),
  condition: () => (value) => isCondition(value),
  exits: () => isListOf(isExit),
  respawnLimit: () =>
    either(
      isOneOf("unlimited"),
      isObject({ count: isInteger(0, Number.MAX_SAFE_INTEGER), interval: isSeconds }),
    ),
  backoff: () => isBackoff,
  oomScore: () => either(isOneOf("never"), isInteger(-1000, 1000)),
  limits: () => isTable(RESOURCES, isObject({ soft: isLimitValue, hard: isLimitValue })),
  cgroups: () =>
    isListOf(isObject({ controller: isString }, { name: isString, key: isString, value: isString })),
  check: ({ use }) => isCheck(use),
  ceilings: () => isObject({}, { memory: isInteger(1, Number.MAX_SAFE_INTEGER) }),
  rotation: () => either(isOneOf("none"), isLogSetting("rotation")),
  logLimit: () => isLogSetting("logLimit"),
  logTargets: () => (value) => isListOf(isLogTarget)(value) && (value as unknown[]).length > 0,
};

/** True for a word that names a job. `completions`: or the completion of one. */
export function isReference(word: unknown, completions: boolean): word is string {
  if (typeof word !== "string") return false;
  const { name, completed } = parseReference(word);
  if (isBrokenReference(word) || hasStrayComma(name)) return false;
  return isJobName(name) && (completions || !completed);
}

const isRelation = isObject({ kind: isOneOf("needs", "wants", "uses", "after") }, { as: isString });

const isTableOfRelations: Test = (value) => isPlainObject(value) && Object.values(value).every(isRelation);

const isTableOfTexts: Test = (value) =>
  isPlainObject(value) && Object.values(value).every((text) => typeof text === "string");

const TESTS: ReadonlyMap<string, Test> = new Map<string, Test>([
  ["name", (value) => isString(value) && isJobName(value as string)],
  ["source", isString],
  ["processes", isTable(PROCESS_NAMES, isProgram)],
  ["sources", isTableOfTexts],
  ["relations", isTableOfRelations],
  ...FIELD_ROWS.map(([name, row]) => [name, KINDS[row.kind](row as never)] as const),
]);

/** As in Upstart, a `.conf` file may give any number for a signal. */
const isAnySignal = isInteger(0, 2 ** 31 - 1);

const LOADED_TESTS: ReadonlyMap<string, Test> = new Map([
  ...TESTS,
  ["directed", (value) => value === true] as const,
  ...FIELD_ROWS.flatMap(([name, { kind }]) => kind === "signal" ? [[name, isAnySignal] as const] : []),
]);

const REQUIRED = Object.keys(emptyJob("", "")) as Array<keyof JobDefinition>;

/** A value is no job definition. The message names the field. */
export class InvalidDefinition extends Error {}

/** True when a job may bear this name: not empty, no empty part between slashes, no control characters. */
export function isJobName(name: string): boolean {
  // deno-lint-ignore no-control-regex
  return name !== "" && !/^\/|\/\/|\/$|[\x00-\x1f\x7f]/.test(name);
}

/**
 * Validates a value as a job definition that a module may have. Unknown fields are refused, too.
 * @throws {InvalidDefinition} when a field is wrong or missing, with its name.
 */
export function validateJob(value: unknown): JobDefinition {
  return validate(value, TESTS);
}

/**
 * Validates a value as a job definition in whichever format it was written.
 * @throws {InvalidDefinition} when a field is wrong or missing, with its name.
 */
export function validateLoadedJob(value: unknown): JobDefinition {
  return validate(value, LOADED_TESTS);
}

function validate(value: unknown, tests: ReadonlyMap<string, Test>): JobDefinition {
  if (!isPlainObject(value)) throw new InvalidDefinition("a job's definition is not an object");
  for (const field of REQUIRED) {
    if (!Object.hasOwn(value, field)) throw new InvalidDefinition(`the field ${field} is missing`);
  }
  for (const [field, content] of Object.entries(value)) {
    const test = tests.get(field);
    if (!test) throw new InvalidDefinition(`there is no field ${field}`);
    if (!test(content)) throw new InvalidDefinition(`the field ${field} may not be ${shown(content)}`);
  }
  return value as unknown as JobDefinition;
}

/**
 * A definition with the texts of its modules.
 * @throws {InvalidDefinition} when `sources` is no table of texts.
 */
export function withSources(job: JobDefinition, sources: unknown): JobDefinition {
  if (!isTableOfTexts(sources)) throw new InvalidDefinition(`the field sources may not be ${shown(sources)}`);
  return { ...job, sources: sources as Record<string, string> };
}

/** A wrong value for a message: as JSON, and not too long. */
export function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}
