/** The escaping of untrusted text for terminals and logs. */

const NAMES: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t", "\x1b": "\\e" };

/** Control characters (C0 and C1), line separators, and marks that change the direction of text. */
// deno-lint-ignore no-control-regex
const UNPRINTABLE = /[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g;

/** A text as one line without control characters. They are escaped as in a shell's `$'…'`, such as `\e[2J`. */
export function printable(text: string): string {
  return text.replace(UNPRINTABLE, escaped);
}

/** The same for a text of several lines: newlines and tabs are kept. */
export function printableLines(text: string): string {
  return text.replace(
    UNPRINTABLE,
    (character) => character === "\n" || character === "\t" ? character : escaped(character),
  );
}

/** Changes of colours (Select Graphic Rendition). */
// deno-lint-ignore no-control-regex
const COLOUR_CHANGE = /\x1b\[[0-9;:]*m/g;

/** A text that a program has printed, without its colours. What else controls a terminal stays in it. */
export function withoutColours(text: string): string {
  return text.replace(COLOUR_CHANGE, "");
}

/** A value as JSON, in which what is not printable is escaped: a terminal may be told by it as well. */
export function printableJson(value: unknown): string {
  return JSON.stringify(value).replace(
    UNPRINTABLE,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

function escaped(character: string): string {
  const code = character.charCodeAt(0);
  return NAMES[character] ??
    (code < 0x100 ? `\\x${code.toString(16).padStart(2, "0")}` : `\\u${code.toString(16)}`);
}
