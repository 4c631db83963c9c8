/** The program `complete`, which shells call: `rouse complete SHELL WORD…` prints what the last word may be. */

import { printable } from "../../model/text/printable.ts";
import { write } from "../output.ts";
import { candidates } from "./candidates.ts";
import { type Host, ProgramTables } from "./programs.ts";

/** A command line up to the cursor. */
interface TypedLine {
  /** Without what quotes them. */
  words: string[];
  /** Where in the last word that begins which the shell replaces. */
  from: number;
}

/** How shells give what was typed: fish takes quotes away, but for the last word. */
const LINES: Readonly<Record<string, (words: readonly string[]) => TypedLine>> = {
  bash: bashLine,
  zsh: (words) => ({ words: words.map(unquoted), from: 0 }),
  fish: (words) => ({ words: [...words.slice(0, -1), unquoted(words.at(-1) ?? "")], from: 0 }),
};

/**
 * Prints candidates, a line each: the word, a tab, and what it means. Others choose names and descriptions: a word that is
 * not printable is none that can be typed. It is the shell's to quote what it puts in. Returns the exit status.
 */
export async function complete([shell = "", ...typed]: string[], host: Host): Promise<number> {
  const { words, from } = Object.hasOwn(LINES, shell) ? LINES[shell]!(typed) : { words: typed, from: 0 };
  const found = await candidates(words, new ProgramTables(host));
  const lines = found.filter(({ word }) => printable(word) === word)
    .map(({ word, text }) => `${word.slice(from)}\t${printable(text.replaceAll(/[\t\n]/g, " "))}\n`);
  write(1, lines.join(""));
  return 0;
}

/** What separates words in bash beside blanks (COMP_WORDBREAKS): it gives `--color=a` as three words. */
const SEPARATORS = /^[=:@]$/;

/** The words as they were typed. bash replaces what stands behind the last separator, and an `@` with it. */
function bashLine(pieces: readonly string[]): TypedLine {
  const words: string[] = [];
  let from = 0, before = "";
  for (const piece of pieces) {
    const isJoined = words.length > 0 && (SEPARATORS.test(piece) || SEPARATORS.test(before));
    const word = isJoined ? words.pop()! : "";
    from = word.length + (piece === "=" || piece === ":" ? 1 : before === "@" && isJoined ? -1 : 0);
    words.push(word + unquoted(piece));
    before = piece;
  }
  return { words, from };
}

/** A part of a word in single quotes, in double quotes, and a character behind a backslash. The last quote may be open. */
const QUOTED = /'([^']*)(?:'|$)|"((?:[^"\\]|\\.)*)(?:"|$)|\\(.)/gs;

/** A word as the program gets it that the line is of, as far as it is known before the line is run. */
function unquoted(word: string): string {
  return word.replace(
    QUOTED,
    (_, single?: string, double?: string, character = "") =>
      single ?? double?.replace(/\\(["\\$`])/g, "$1") ?? character,
  );
}
