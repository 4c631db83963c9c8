/** Values of a job's fields as they are written in job modules, turned into those of a definition. */

import { parseDuration } from "../model/duration.ts";
import { type Limit, RESOURCES } from "../model/job.ts";
import { LAST_SIGNAL, signalNumber } from "../model/signals.ts";

/** A value that cannot be used. The message says what is wanted; `field` is the name to look for in the module. */
export class FieldError extends Error {
  constructor(readonly field: string, message: string) {
    super(message);
  }
}

/** Throws: what the field takes, and what it was given. */
export function refuse(field: string, wanted: string, value: unknown): never {
  throw new FieldError(field, `${field} must be ${wanted}, not ${shown(value)}`);
}

/** A value as a message shows it. */
export function shown(value: unknown): string {
  if (typeof value === "function") return "a function";
  if (typeof value === "object" && value !== null) return Array.isArray(value) ? "an array" : "an object";
  const text = typeof value === "string" ? JSON.stringify(value) : String(value);
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}

/** Text without a NUL, which no argument or path can hold. */
export function text(field: string, value: unknown): string {
  if (typeof value !== "string" || value.includes("\0")) refuse(field, "text", value);
  return value;
}

export function flag(field: string, value: unknown): boolean {
  return typeof value === "boolean" ? value : refuse(field, "true or false", value);
}

export function integer(field: string, value: unknown, lowest: number, highest: number): number {
  const fits = Number.isInteger(value) && (value as number) >= lowest && (value as number) <= highest;
  return fits ? value as number : refuse(field, `a whole number from ${lowest} to ${highest}`, value);
}

export function oneOf<Choice>(field: string, value: unknown, choices: readonly Choice[]): Choice {
  if (choices.includes(value as Choice)) return value as Choice;
  refuse(field, `one of ${choices.map(shown).join(", ")}`, value);
}

/** The items of an array, or the one value that stands for an array of its own. */
export function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [value];
}

/** The entries of a plain object, all of whose keys must be among those known. */
export function entries(field: string, value: unknown, known?: readonly string[]): Array<[string, unknown]> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) refuse(field, "an object", value);
  const found = Object.entries(value).filter(([, item]) => item !== undefined);
  for (const [key] of found) {
    if (known && !known.includes(key)) throw unknownField(key, known, `${field} has`);
  }
  return found;
}

/** The error for a field that there is not, with the likeliest that there is. */
export function unknownField(field: string, known: readonly string[], owner: string): FieldError {
  const close = known
    .map((name) => ({ name, distance: editDistance(field.toLowerCase(), name.toLowerCase()) }))
    .sort((one, other) => one.distance - other.distance)[0];
  const hint = close && close.distance <= Math.min(2, field.length / 2)
    ? `; did you mean ${close.name}?`
    : "";
  return new FieldError(field, `${owner} no field ${field}${hint}`);
}

/** How many letters must be put in, taken out or changed to make one word of the other. */
function editDistance(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, index) => index);
  for (let i = 1; i <= one.length; i++) {
    const next = [i];
    for (let j = 1; j <= other.length; j++) {
      const changed = row[j - 1]! + (one[i - 1] === other[j - 1] ? 0 : 1);
      next.push(Math.min(changed, row[j]! + 1, next[j - 1]! + 1));
    }
    row = next;
  }
  return row[other.length]!;
}

/** Seconds out of a number of them or text like `5s`. */
export function seconds(field: string, value: unknown): number {
  return parseDuration(value) ?? refuse(field, `seconds, or text like "5s", "500ms", "2min"`, value);
}

/** A signal's number out of its name. */
export function signal(field: string, value: unknown): number {
  if (Number.isInteger(value) && (value as number) > 0 && (value as number) <= LAST_SIGNAL) {
    return value as number;
  }
  return typeof value === "string" && signalNumber(value) ||
    refuse(field, `a signal's name such as "TERM"`, value);
}

/** A file mode creation mask out of a number or octal digits. */
export function umask(field: string, value: unknown): number {
  const octal = typeof value === "string" && /^[0-7]{1,4}$/.test(value) ? parseInt(value, 8) : value;
  const fits = Number.isInteger(octal) && (octal as number) >= 0 && (octal as number) <= 0o777;
  return fits ? octal as number : refuse(field, `a mask such as 0o022 or "022"`, value);
}

/** The table of resource limits. */
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
 * Text of a script as it is given to the shell. One that is laid out, with its first line after the quote
 * empty, loses that line and the indentation that its lines have in common; any other is taken as it is.
 */
export function scriptText(script: string): string {
  const laidOut = /^[ \t]*\n/.exec(script);
  if (!laidOut) return script === "" || script.endsWith("\n") ? script : `${script}\n`;
  return dedent(script.slice(laidOut[0].length).replace(/\n?[ \t]*$/, "\n"));
}

/** Lines without the indentation that all of them but the empty ones have in common. */
export function dedent(text: string): string {
  const lines = text.split("\n");
  const margins = lines.filter((line) => line.trim() !== "").map((line) => /^[ \t]*/.exec(line)![0].length);
  const margin = Math.min(...margins, Infinity);
  return lines.map((line) => line.slice(Math.min(margin, line.length))).join("\n");
}
