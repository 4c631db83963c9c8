/** The shrinking of a history that breaks a rule: actions are left out as long as the same rule is broken. */

import type { Action } from "./actions.ts";
import { type Outcome, Simulation } from "./simulation.ts";

/** How many histories are tried. */
const MOST_TRIALS = 300;

/** Whether a rule is broken by the actions. */
export type Trial = (actions: readonly Action[]) => Promise<boolean>;

/** The trial of a seed: the same rule is to be broken as in an outcome. */
export function trialOf(seed: number, { violations }: Pick<Outcome, "violations">): Trial {
  return async (actions) => {
    const { violations: found } = await new Simulation(seed, actions).run();
    return found.some(({ rule }) => rule === violations[0]!.rule);
  };
}

/**
 * Leaves out parts of a history, the largest first.
 * @returns the indices of the actions that are needed.
 */
export async function shrink(
  whole: readonly Action[],
  { violations }: Pick<Outcome, "violations">,
  isBroken: Trial,
): Promise<number[]> {
  let kept = whole.flatMap(({ at }, index) => at <= violations[0]!.time ? [index] : []);
  let trials = 0;
  const without = async (start: number, size: number) => {
    const less = kept.filter((_, place) => place < start || place >= start + size);
    trials++;
    if (!await isBroken(less.map((index) => whole[index]!))) return false;
    kept = less;
    return true;
  };
  for (let size = kept.length >> 1; size >= 1 && trials < MOST_TRIALS;) {
    let isShorter = false;
    for (let start = 0; start < kept.length && trials < MOST_TRIALS;) {
      if (await without(start, size)) isShorter = true;
      else start += size;
    }
    // What could not be left out alone may go once others are gone.
    if (!isShorter || size > 1) size >>= 1;
  }
  return kept;
}
