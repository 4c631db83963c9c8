/** The inputs of a target: its corpus, inputs of the right form, and those that are known for trouble. */

import fc from "fast-check";
import { Buffer } from "node:buffer";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Target } from "./target.ts";

const CORPUS = join(import.meta.dirname!, "corpus");

/** The folder of a target's corpus: small files, each an input. */
export function corpusFolder({ name }: Pick<Target, "name">): string {
  return join(CORPUS, name);
}

/** The files of a target's corpus, in their order. */
export function corpusFiles(target: Target): string[] {
  return globSync("*", { cwd: corpusFolder(target) }).sort().map((file) => join(corpusFolder(target), file));
}

/** The inputs of a target's corpus. */
export function corpusOf(target: Target): Buffer[] {
  return corpusFiles(target).map((file) => readFileSync(file));
}

/** So many inputs of the right form, by a seed. */
export function shapedInputs({ shapes }: Target, count: number, seed: number): Buffer[] {
  if (!shapes) return [];
  return fc.sample(shapes, { numRuns: count, seed }).map((input) => Buffer.from(input));
}

/** Pieces that are repeated in {@link longInputs}, beside those of the corpus. */
const REPEATED = [
  "\0",
  " ",
  "\n",
  "\\",
  "'",
  '"',
  "(",
  "[",
  "{",
  "a",
  "9",
  "\xff",
  "\x1b[",
  "a ",
  "a=b\n",
  "${",
  "$(",
];

/** Inputs of about a length, each of one piece over and over: what takes more than its share of time does so here. */
export function longInputs(target: Target, length: number): Buffer[] {
  const corpus = corpusOf(target);
  const lines = corpus.flatMap((bytes) => bytes.toString("latin1").split(/(?<=\n)/)).slice(0, 40);
  return [
    ...[...REPEATED, ...target.words ?? [], ...lines].map((piece, index) => {
      const input = Buffer.alloc(length, piece || "\0", "latin1");
      // A character too much has a pattern tried in all ways that there are.
      if (index % 2 === 0) input.write("!", length - 1);
      return input;
    }),
    ...corpus.slice(0, 8).map((bytes) => Buffer.concat([bytes, Buffer.alloc(length, " ")])),
  ];
}
