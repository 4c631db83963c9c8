/** Checks of data from outside, each of which names the place of what is wrong. */

import { shown } from "../../model/validate.ts";

/**
 * Checks a value. `where` is its place in the data, such as `jobs[2].name`.
 * @throws {TypeError} when the value is wrong, with its place.
 */
export type Check = (value: unknown, where: string) => void;

/** The fields of an object and their checks. The table has to have them all, so that it cannot lag behind the type. */
export type ChecksOf<Type> = { [Key in keyof Type]-?: Check };

/** @throws {TypeError} always, with a sentence about the place. */
export function refuse(where: string, what: string): never {
  throw new TypeError(`the snapshot's ${where} ${what}`);
}

/** @throws {TypeError} always: the value may not be at that place. */
function refuseValue(where: string, value: unknown): never {
  refuse(where, `may not be ${shown(value)}`);
}

function passes(test: (value: unknown) => boolean): Check {
  return (value, where) => {
    if (!test(value)) refuseValue(where, value);
  };
}

export const isText = passes((value) => typeof value === "string");
export const isFlag = passes((value) => typeof value === "boolean");
export const isTime = passes(Number.isFinite);

/** A whole number, not below `lowest`. */
export function isNumber(lowest: number): Check {
  return passes((value) => Number.isSafeInteger(value) && (value as number) >= lowest);
}

export function isOneOf(...values: readonly unknown[]): Check {
  return passes((value) => values.includes(value));
}

export function orNull(check: Check): Check {
  return (value, where) => {
    if (value !== null) check(value, where);
  };
}

export function isListOf(check: Check): Check {
  return (value, where) => {
    if (!Array.isArray(value)) return refuseValue(where, value);
    value.forEach((item, index) => check(item, `${where}[${index}]`));
  };
}

/** An object with these fields and no others, of which the optional ones may be missing. */
export function isObject(required: Record<string, Check>, optional: Record<string, Check> = {}): Check {
  const all = { ...required, ...optional };
  return (value, where) => {
    if (typeof value !== "object" || value === null || Array.isArray(value)) return refuseValue(where, value);
    const inside = where === "" ? "" : `${where}.`;
    for (const key of Object.keys(required)) {
      if (!Object.hasOwn(value, key)) refuse(`${inside}${key}`, "is missing");
    }
    for (const [key, field] of Object.entries(value)) {
      if (!Object.hasOwn(all, key)) refuse(`${inside}${key}`, "is unknown");
      all[key]!(field, `${inside}${key}`);
    }
  };
}

/** An object whose keys are some of these. */
export function isTable(keys: readonly string[], check: Check): Check {
  return isObject({}, Object.fromEntries(keys.map((key) => [key, check])));
}
