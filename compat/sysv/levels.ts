/** Runlevels: sets of them as bits, and the words of `Default-Start` and `Default-Stop`. */

/** The runlevels in the order in which their directories are read and written. */
export const LEVELS = ["0", "1", "2", "3", "4", "5", "6", "S"] as const;

/** A set of runlevels: bit n stands for `LEVELS[n]`. */
export type Levels = number;

export const NO_LEVELS: Levels = 0;

/** The runlevel in which a machine boots, before it enters another. */
export const BOOT: Levels = 1 << LEVELS.indexOf("S");

/** All other runlevels. */
export const AFTER_BOOT: Levels = BOOT - 1;

/** A level that `insserv` refuses: it was for a boot without runlevels. */
const REFUSED = "B";

/** What words say. Words that are no runlevel are in `unknown`; `refused` is one that insserv ends at. */
export interface LevelWords {
  levels: Levels;
  unknown: string[];
  refused?: string;
}

/** The set with this runlevel; empty for a word that is none. */
export function levelNamed(word: string): Levels {
  const index = LEVELS.findIndex((level) => level === word.toUpperCase());
  return index < 0 ? NO_LEVELS : 1 << index;
}

/** Reads the words of a field, such as `2 3 4 5`. */
export function readLevels(words: readonly string[]): LevelWords {
  const found: LevelWords = { levels: NO_LEVELS, unknown: [] };
  for (const word of words) {
    const level = levelNamed(word);
    found.levels |= level;
    if (word.toUpperCase() === REFUSED) found.refused = word;
    else if (level === NO_LEVELS) found.unknown.push(word);
  }
  return found;
}

/** The names of the runlevels, in order. */
export function levelNames(levels: Levels): string[] {
  return LEVELS.filter((_, index) => (levels & 1 << index) !== 0);
}
