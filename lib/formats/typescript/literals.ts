/** Values as they are written in TypeScript, laid out as `deno fmt` does it. */

import { brokenLine } from "../commands.ts";

/** Lines are broken that would be longer. */
export const WIDTH = 110;

/** Text in quotes: double ones, unless single ones need fewer backslashes. */
export function textLiteral(text: string): string {
  // JSON.stringify writes lone surrogates, which stand for bytes, as escapes.
  const double = JSON.stringify(text);
  if (text.split('"').length <= text.split("'").length) return double;
  return `'${double.slice(1, -1).replaceAll('\\"', '"').replaceAll("'", "\\'")}'`;
}

/** A key of an object. */
export function keyLiteral(key: string): string {
  if (key === "__proto__") return `["__proto__"]`;
  return /^[A-Za-z_$][\w$]*$/.test(key) ? key : textLiteral(key);
}

/** Items between brackets: in one line if they fit into it, else in one line each, indented. */
export function bracketed(
  open: string,
  items: readonly string[],
  close: string,
  indentation: number,
  before: number,
): string {
  const [start, end] = open.endsWith("{") ? [`${open} `, ` ${close}`] : [open, close];
  const line = `${start}${items.join(", ")}${end}`;
  if (items.length === 0) return open + close;
  if (!line.includes("\n") && indentation + before + line.length + 1 <= WIDTH) return line;
  const margin = " ".repeat(indentation + 2);
  return [open, ...items.map((item) => `${margin}${item},`), " ".repeat(indentation) + close].join("\n");
}

/** A command: a long one in several lines, broken before its options where that can be. */
export function commandLiteral(command: string, indentation: number, before: number): string {
  const literal = textLiteral(command);
  if (indentation + before + literal.length + 1 <= WIDTH) return literal;
  const lines = brokenLine(command, WIDTH - indentation - 5);
  return lines.length === 1
    ? literal
    : `${bracketed("[", lines.map(textLiteral), "]", indentation, WIDTH)}.join(" ")`;
}

// deno-lint-ignore no-control-regex
const UNPRINTABLE = /[\x00-\x08\x0b-\x1f\x7f\udc80-\udcff]/gu;

/** Text in a template literal, as it stands there. */
export function templateText(text: string): string {
  return text.replace(/[\\`]|\$(?=\{)/g, "\\$&").replace(UNPRINTABLE, (character) => {
    const code = character.charCodeAt(0).toString(16);
    return code.length > 2 ? `\\u${code}` : `\\x${code.padStart(2, "0")}`;
  });
}

const UNITS = [[3600, "h"], [60, "min"], [1, "s"], [0.001, "ms"]] as const;

/** A length of time in seconds: text with the largest unit that it is a whole number of, else the number. */
export function durationLiteral(seconds: number): string {
  if (seconds === 0) return `"0s"`;
  for (const [size, unit] of UNITS) {
    const amount = Math.round(seconds / size);
    if (amount > 0 && amount < 1e15 && amount * size === seconds) return `"${amount}${unit}"`;
  }
  return String(seconds);
}
