/** What words of a shell script stand for, as far as that can be known without running it. */

import { pieceEnd } from "./lexer.ts";

/**
 * Looks a variable up: its value, undefined where nothing sets it, or null where it is not known what is set. `0` is the
 * script's own name.
 */
export type Lookup = (name: string) => string | undefined | null;

/** A variable, with what stands for it where it is empty. */
const VARIABLE = /^\$(?:(\w+)|\{(\w+)(?::-([^]*))?\})$/;

/** The script's name without its directory, in two ways to write it. */
const OWN_NAME = /^\$(?:\{0##\*\/\}|\(\s*basename\s+(?:--\s+)?"?\$\{?0\}?"?\s*\))$/;

/** So long may the name of a variable be. */
const LONGEST_NAME = 200;

/** Characters that make patterns, outside of quotes. */
const PATTERN = /[*?[\]~]/;

/** The words that a word stands for: several where a variable is not quoted. Undefined where that is not known. */
export function fieldsOf(word: string, lookup: Lookup): string[] | undefined {
  const fields = [""];
  for (const piece of piecesOf(word)) {
    if (piece.length === 1 && PATTERN.test(piece)) return undefined;
    const value = valueOfPiece(piece, lookup);
    if (value === undefined) return undefined;
    const [first = "", ...others] = piece.startsWith("$") ? value.split(/[ \t\n]+/) : [value];
    fields[fields.length - 1] += first;
    for (const other of others) fields.push(other);
  }
  const full = fields.filter((field) => field !== "");
  return full.length === 0 && /["']/.test(word) ? [""] : full;
}

/** The value of a word that is assigned, or given to an option: one text. */
export function valueOfWord(word: string, lookup: Lookup): string | undefined {
  return joined(piecesOf(word), (piece) => valueOfPiece(piece, lookup));
}

/** The names of variables in a text, those in quotes included. Parameters, such as `1`, are among them. */
export function variablesIn(text: string): string[] {
  return Array.from(text.matchAll(/\$\{?([A-Za-z_]\w*|[0-9@*#])/g), ([, name = ""]) => name);
}

/** The pieces of a word: quoted texts, expansions, and characters. */
function* piecesOf(text: string, isQuoted = false): Generator<string> {
  for (let at = 0; at < text.length;) {
    const name = /^\$(?:[A-Za-z_]\w*|[0-9@*#?$!-])/.exec(text.slice(at, at + LONGEST_NAME))?.[0];
    const end = name !== undefined
      ? at + name.length
      : isQuoted && text[at] === "'"
      ? at + 1
      : pieceEnd(text, at, 0);
    yield text.slice(at, end);
    at = end;
  }
}

function joined(
  pieces: Iterable<string>,
  valueOf: (piece: string) => string | undefined,
): string | undefined {
  let value = "";
  for (const piece of pieces) {
    const part = valueOf(piece);
    if (part === undefined) return undefined;
    value += part;
  }
  return value;
}

function valueOfPiece(piece: string, lookup: Lookup): string | undefined {
  switch (piece[0]) {
    case "\\":
      return piece === "\\\n" ? "" : piece.slice(1);
    case "'":
      return piece.slice(1, -1);
    case '"':
      return joined(piecesOf(piece.slice(1, -1), true), (inner) => valueInQuotes(inner, lookup));
    case "`":
      return undefined;
    case "$":
      return expansion(piece, lookup);
  }
  return piece;
}

function valueInQuotes(piece: string, lookup: Lookup): string | undefined {
  const isLiteral = piece[0] === "'" || piece[0] === '"' || piece[0] === "\\" && !/^\\[$`"\\\n]/.test(piece);
  return isLiteral ? piece : valueOfPiece(piece, lookup);
}

function expansion(piece: string, lookup: Lookup): string | undefined {
  if (OWN_NAME.test(piece)) return lookup("0") ?? undefined;
  const [, plain, braced, otherwise] = VARIABLE.exec(piece) ?? [];
  const name = plain ?? braced;
  // What $0 is has a directory, which is not known.
  if (name === undefined || name === "0") return piece === "$" ? piece : undefined;
  const value = lookup(name);
  if (value === null) return undefined;
  return value || (otherwise === undefined ? value : valueOfWord(otherwise, lookup));
}
