/** Conversions of field values: from those written in job modules to those of a job definition. */

import { closest } from "../model/text/closest.ts";
import type { CheckCommand } from "../model/checks/check.ts";
import { parseDuration } from "../model/duration.ts";
import { type Backoff, type Limit, RESOURCES } from "../model/job.ts";
import { parseSize } from "../model/checks/size.ts";
import { LAST_SIGNAL, signalNumber } from "../model/signals.ts";

/** A wrong value. The message says what the field takes. `field` is the name to look for in the module. */
export class FieldError extends Error {
  constructor(readonly field: string, message: string) {
    super(message);
  }
}

/** @throws {FieldError} always, with the value that the field takes and the one that it was given. */
export function refuse(field: string, wanted: string, value: unknown): never {
  throw new FieldError(field, `${field} must be ${wanted}, not ${shown(value)}`);
}

/** A value in the form that messages show. */
export function shown(value: unknown): string {
  if (typeof value === "function") return "a function";
  if (typeof value === "object" && value !== null) return Array.isArray(value) ? "an array" : "an object";
  const text = typeof value === "string" ? JSON.stringify(value) : String(value);
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}

/** Text without a NUL, which arguments and paths cannot contain. @throws {FieldError} for any other value. */
export function text(field: string, value: unknown): string {
  if (typeof value !== "string" || value.includes("\0")) refuse(field, "text", value);
  return value;
}

/** True or false. @throws {FieldError} for any other value. */
export function flag(field: string, value: unknown): boolean {
  return typeof value === "boolean" ? value : refuse(field, "true or false", value);
}

/** A whole number within these bounds. @throws {FieldError} for any other value. */
export function integer(field: string, value: unknown, lowest: number, highest: number): number {
  const fits = Number.isInteger(value) && (value as number) >= lowest && (value as number) <= highest;
  const end = highest < Number.MAX_SAFE_INTEGER ? ` to ${highest}` : "";
  return fits ? value as number : refuse(field, `a whole number from ${lowest}${end}`, value);
}

/** One of the choices. @throws {FieldError} for any other value. */
export function oneOf<Choice>(field: string, value: unknown, choices: readonly Choice[]): Choice {
  if (choices.includes(value as Choice)) return value as Choice;
  refuse(field, `one of ${choices.map(shown).join(", ")}`, value);
}

/** The items of an array. A value that is no array stands for an array of that value. */
export function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [value];
}

/** The entries of a plain object. @throws {FieldError} for any other value, and for a key that is not among those known. */
export function entries(field: string, value: unknown, known?: readonly string[]): Array<[string, unknown]> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) refuse(field, "an object", value);
  const found = Object.entries(value).filter(([, item]) => item !== undefined);
  for (const [key] of found) {
    if (known && !known.includes(key)) throw unknownField(key, known, `${field} has`);
  }
  return found;
}

/** The error for an unknown field, with the most similar known one. */
export function unknownField(field: string, known: readonly string[], owner: string): FieldError {
  const meant = closest(field, known);
  const hint = meant === undefined ? "" : `; did you mean ${meant}?`;
  return new FieldError(field, `${owner} no field ${field}${hint}`);
}

/** Seconds, from a number of them or from text such as `5s`. @throws {FieldError} for any other value. */
export function seconds(field: string, value: unknown): number {
  return parseDuration(value) ?? refuse(field, `seconds, or text like "5s", "500ms", "2min"`, value);
}

/** Bytes, from a number of them or from text such as `512MB`. @throws {FieldError} for any other value. */
export function bytes(field: string, value: unknown): number {
  return parseSize(value) ?? refuse(field, `bytes, or text like "512MB", "2GB"`, value);
}

/** A command, from a line or from its words. @throws {FieldError} for any other value. */
export function command(field: string, value: unknown): CheckCommand {
  if (!Array.isArray(value)) {
    // A blank after a backslash is part of the last word.
    const line = text(field, value).replace(/^[ \t\r\n]+|(?<!\\)[ \t\r\n]+$/g, "");
    return { kind: "exec", command: line === "" ? refuse(field, "a command", line) : line };
  }
  if (value.length === 0) refuse(field, "a command", value);
  return { kind: "arguments", words: value.map((word) => text(field, word)) };
}

/** Seconds, more than none, or undefined for `"none"`. @throws {FieldError} for any other value. */
export function timeLimit(field: string, value: unknown): number | undefined {
  if (value === "none") return undefined;
  return parseDuration(value) || refuse(field, `seconds, text like "5s", "500ms", "2min", or "none"`, value);
}

/**
 * The delays of respawns: those that are given, and the usual ones for the others. Undefined for a delay of 0: there is none.
 * @throws {FieldError} for a wrong value.
 */
export function backoff(given: Record<string, unknown>, usual: Readonly<Backoff>): Backoff | undefined {
  const read = <Name extends keyof Backoff>(name: Name, by: (field: string, value: unknown) => number) =>
    given[name] === undefined ? usual[name] : by(name, given[name]);
  const delay = read("delay", seconds);
  const backoff = {
    delay,
    factor: read("factor", (field, value) => number(field, value, 1)),
    max: given.max === undefined ? Math.max(usual.max, delay) : seconds("max", given.max),
    jitter: read("jitter", (field, value) => number(field, value, 0, 1)),
    resetAfter: read("resetAfter", seconds),
  };
  if (delay === 0) return undefined;
  return backoff.max >= delay ? backoff : refuse("max", "at least as long as delay", given.max);
}

/** A number within these bounds. @throws {FieldError} for any other value. */
function number(field: string, value: unknown, lowest: number, highest?: number): number {
  const fits = typeof value === "number" && Number.isFinite(value) && value >= lowest &&
    value <= (highest ?? Infinity);
  const wanted = highest === undefined ? `a number from ${lowest}` : `a number from ${lowest} to ${highest}`;
  return fits ? value : refuse(field, wanted, value);
}

/** A signal's number, from that or from its name. @throws {FieldError} for any other value. */
export function signal(field: string, value: unknown): number {
  if (Number.isInteger(value) && (value as number) > 0 && (value as number) <= LAST_SIGNAL) {
    return value as number;
  }
  return typeof value === "string" && signalNumber(value) ||
    refuse(field, `a signal's name such as "TERM"`, value);
}

/** A file mode creation mask, from a number or octal digits. @throws {FieldError} for any other value. */
export function umask(field: string, value: unknown): number {
  const octal = typeof value === "string" && /^[0-7]{1,4}$/.test(value) ? parseInt(value, 8) : value;
  const fits = Number.isInteger(octal) && (octal as number) >= 0 && (octal as number) <= 0o777;
  return fits ? octal as number : refuse(field, `a mask such as 0o022 or "022"`, value);
}

/** A table of resource limits. @throws {FieldError} for any other value. */
export function limits(field: string, value: unknown): Record<string, Limit> {
  return Object.fromEntries(
    entries(field, value, RESOURCES).map(([name, limit]) => {
      const [soft, hard = soft, ...more] = list(limit);
      if (more.length > 0) refuse(name, "one limit, or the soft and the hard one", limit);
      return [name, { soft: limitValue(name, soft), hard: limitValue(name, hard) }];
    }),
  );
}

function limitValue(name: string, value: unknown): number | "unlimited" {
  if (value === "unlimited" || Number.isSafeInteger(value) && (value as number) >= 0) return value as number;
  refuse(name, `a whole number or "unlimited"`, value);
}

/**
 * The text of a script as it is given to the shell. When the first line after the quote is empty, that line is removed, and
 * the indentation that all lines have in common. Any other text is taken unchanged.
 */
export function scriptText(script: string): string {
  const laidOut = /^[ \t]*\n/.exec(script);
  if (!laidOut) return script === "" || script.endsWith("\n") ? script : `${script}\n`;
  return dedent(script.slice(laidOut[0].length).replace(/\n?[ \t]*$/, "\n"));
}

/** Lines without the indentation that all but the empty ones have in common. */
export function dedent(text: string): string {
  const lines = text.split("\n");
  let margin = Infinity;
  for (const line of lines) {
    if (line.trim() !== "") margin = Math.min(margin, /^[ \t]*/.exec(line)![0].length);
  }
  return lines.map((line) => line.slice(Math.min(margin, line.length))).join("\n");
}
