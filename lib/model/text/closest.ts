/** A search for the closest known word, for suggestions in messages. */

/** Nobody mistypes longer words, in characters; to compare them takes time with the square of their length. */
const LONGEST = 200;

/** The known word that is closest to an unknown one; undefined when none is close. */
export function closest(word: string, known: Iterable<string>): string | undefined {
  if (word.length > LONGEST) return undefined;
  const wanted = word.toLowerCase();
  let best: string | undefined;
  let least = Math.min(2, Math.ceil(word.length / 6), word.length - 1) + 1;
  for (const name of known) {
    if (Math.abs(name.length - word.length) >= least) continue;
    const distance = editDistance(wanted, name.toLowerCase(), least);
    if (distance < least) {
      best = name;
      least = distance;
    }
  }
  return best;
}

/**
 * The edit distance of two words: how many letters have to be inserted, removed, changed or swapped with their neighbour
 * to turn one into the other; at most `most`.
 */
function editDistance(one: string, other: string, most: number): number {
  let before: number[] = [];
  let row = Array.from({ length: other.length + 1 }, (_, index) => index);
  for (let i = 1; i <= one.length; i++) {
    const next = [i];
    let fewest = i;
    for (let j = 1; j <= other.length; j++) {
      const changed = row[j - 1]! + (one[i - 1] === other[j - 1] ? 0 : 1);
      const swapped = i > 1 && j > 1 && one[i - 1] === other[j - 2] && one[i - 2] === other[j - 1]
        ? before[j - 2]! + 1
        : Infinity;
      const distance = Math.min(changed, swapped, row[j]! + 1, next[j - 1]! + 1);
      next.push(distance);
      fewest = Math.min(fewest, distance);
    }
    // A swap takes its distance from two rows before and adds one, so it cannot end below this row's least.
    if (fewest > most) return most;
    before = row;
    row = next;
  }
  return row[other.length]!;
}
