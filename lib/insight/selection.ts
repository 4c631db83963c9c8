/** The choice of jobs by words of a command line: names and patterns. */

import { matchesPattern } from "../engine/conditions/pattern.ts";
import { closest } from "../model/text/closest.ts";

/** What some words choose. */
interface JobSelection {
  /** The jobs, in the order of the known names, each of them once. */
  jobs: string[];
  /** A sentence for each word that chooses none. */
  problems: string[];
}

/**
 * Chooses jobs.
 * @param words Names, or shell patterns such as `web*`. A word that is the name of a job is that job, whatever it looks like.
 * @param known The names of all jobs
 */
export function selectJobs(words: readonly string[], known: readonly string[]): JobSelection {
  const names = new Set(known), chosen = new Set<string>();
  const problems: string[] = [];
  for (const word of words) {
    const matching = names.has(word) ? [word] : known.filter((name) => matchesPattern(word, name));
    if (matching.length === 0) problems.push(nothingChosen(word, known));
    for (const name of matching) chosen.add(name);
  }
  return { jobs: known.filter((name) => chosen.has(name)), problems };
}

/** Why a word chooses no job, with the nearest name where one is near. */
export function nothingChosen(word: string, known: Iterable<string>): string {
  if (/[*?[]/.test(word)) return `No job matches ${word}`;
  const near = closest(word, known);
  return `Unknown job: ${word}${near === undefined ? "" : ` (is ${near} meant?)`}`;
}
