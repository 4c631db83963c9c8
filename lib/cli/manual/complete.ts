/** The program `complete`, which shells call: `rouse complete SHELL WORD…` prints what the last word may be. */

import { write } from "../output.ts";
import { candidates } from "./candidates.ts";
import { type Host, ProgramTables } from "./programs.ts";

/** What separates words in bash beside blanks: it gives `--color=a` as three words. */
const SEPARATORS = /^[=:]$/;

/** Prints candidates, a line each: the word, a tab, and what it means. Returns the exit status. */
export async function complete([shell = "", ...words]: string[], host: Host): Promise<number> {
  const line = shell === "bash" ? joined(words) : words;
  const found = await candidates(line, new ProgramTables(host));
  // bash puts in what stands behind the last separator.
  const from = shell === "bash" ? (line.at(-1) ?? "").search(/[^=:]*$/) : 0;
  const lines = found.map(({ word, text }) => `${word.slice(from)}\t${text.replaceAll(/[\t\n]/g, " ")}\n`);
  write(1, lines.join(""));
  return 0;
}

/** The words as they were typed. */
function joined(words: readonly string[]): string[] {
  const whole: string[] = [];
  let isOpen = false;
  for (const word of words) {
    const isSeparator = SEPARATORS.test(word);
    if ((isSeparator || isOpen) && whole.length > 0) whole.push(whole.pop() + word);
    else whole.push(word);
    isOpen = isSeparator;
  }
  return whole;
}
