/** Turns data from outside (the evaluator child's output, a snapshot) into job definitions, field by field. */

import { type Condition, DEEPEST_CONDITION, type Match } from "./condition.ts";
import { CONSOLES, emptyJob, EXPECTATIONS, type JobDefinition, PROCESS_NAMES, RESOURCES } from "./job.ts";
import { LAST_SIGNAL } from "./signals.ts";

/** True when a value is what a field may hold. */
type Test = (value: unknown) => boolean;

const isString: Test = (value) => typeof value === "string" && !value.includes("\0");
const isBoolean: Test = (value) => typeof value === "boolean";
const isSeconds: Test = (value) => typeof value === "number" && Number.isFinite(value) && value >= 0;

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

function isCondition(value: unknown, depth = 0): value is Condition {
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
  isObject({ signal: isInteger(1, LAST_SIGNAL) }, { core: isBoolean }),
);

const isLimitValue = either(isOneOf("unlimited"), isInteger(0, Number.MAX_SAFE_INTEGER));
const isSignal = isInteger(1, LAST_SIGNAL);

const FIELDS: Record<keyof JobDefinition, Test> = {
  name: (value) => isString(value) && isJobName(value as string),
  source: isString,
  description: isString,
  author: isString,
  version: isString,
  usage: isString,
  startOn: (value) => isCondition(value),
  stopOn: (value) => isCondition(value),
  emits: isListOf(isString),
  instance: isString,
  env: isListOf(isString),
  export: isListOf(isString),
  task: isBoolean,
  respawn: isBoolean,
  respawnLimit: either(
    isOneOf("unlimited"),
    isObject({ count: isInteger(0, Number.MAX_SAFE_INTEGER), interval: isSeconds }),
  ),
  normalExit: isListOf(isExit),
  expect: isOneOf(...EXPECTATIONS),
  killTimeout: isSeconds,
  killSignal: isSignal,
  reloadSignal: isSignal,
  console: isOneOf(...CONSOLES),
  umask: isInteger(0, 0o777),
  nice: isInteger(-20, 19),
  oomScore: either(isOneOf("never"), isInteger(-1000, 1000)),
  chroot: isString,
  chdir: isString,
  limit: isTable(RESOURCES, isObject({ soft: isLimitValue, hard: isLimitValue })),
  setuid: isString,
  setgid: isString,
  cgroups: isListOf(isObject({ controller: isString }, { name: isString, key: isString, value: isString })),
  apparmorLoad: isString,
  apparmorSwitch: isString,
  endsInit: isBoolean,
  debug: isBoolean,
  processes: isTable(PROCESS_NAMES, isProgram),
  sources: (value) => isPlainObject(value) && Object.values(value).every((text) => typeof text === "string"),
};

const REQUIRED = Object.keys(emptyJob("", "")) as Array<keyof JobDefinition>;

/** True when a job may bear this name: not empty, no empty part between slashes, no control characters. */
export function isJobName(name: string): boolean {
  // deno-lint-ignore no-control-regex
  return name !== "" && !/^\/|\/\/|\/$|[\x00-\x1f\x7f]/.test(name);
}

/**
 * A job definition out of a value of unknown origin. Fields that no definition has are refused too.
 * Throws a TypeError whose message names the field that is wrong.
 */
export function validateJob(value: unknown): JobDefinition {
  if (!isPlainObject(value)) throw new TypeError("a job's definition is not an object");
  for (const field of REQUIRED) {
    if (!Object.hasOwn(value, field)) throw new TypeError(`the field ${field} is missing`);
  }
  for (const [field, content] of Object.entries(value)) {
    const test = Object.hasOwn(FIELDS, field) ? FIELDS[field as keyof JobDefinition] : undefined;
    if (!test) throw new TypeError(`there is no field ${field}`);
    if (!test(content)) throw new TypeError(`the field ${field} may not be ${shown(content)}`);
  }
  return value as unknown as JobDefinition;
}

/** A job together with the texts of its modules. Throws a TypeError for anything else than these. */
export function withSources(job: JobDefinition, sources: unknown): JobDefinition {
  if (!FIELDS.sources(sources)) throw new TypeError(`the field sources may not be ${shown(sources)}`);
  return { ...job, sources: sources as Record<string, string> };
}

function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}
