/** The shrinking of a history that breaks a rule: actions are left out as long as the same rule is broken. */

import type { Action } from "./actions.ts";
import { type Outcome, Simulation } from "./simulation.ts";

/** How many histories are tried. */
const MOST_TRIALS = 150;

/** @returns the indices of the actions that are needed. */
export async function shrink(
  seed: number,
  whole: readonly Action[],
  { violations }: Outcome,
): Promise<number[]> {
  const rule = violations[0]!.rule, last = violations[0]!.time;
  let trials = 0;
  const isBroken = async (indices: readonly number[]) => {
    trials++;
    const outcome = await new Simulation(seed, indices.map((index) => whole[index]!)).run();
    return outcome.violations.some((violation) => violation.rule === rule);
  };
  let kept = whole.map((_, index) => index);
  const before = kept.filter((index) => whole[index]!.at <= last);
  if (before.length < kept.length && await isBroken(before)) kept = before;
  for (
    let size = Math.ceil(kept.length / 2);
    size >= 1 && trials < MOST_TRIALS;
    size = size === 1 ? 0 : Math.ceil(size / 2)
  ) {
    for (let at = 0; at < kept.length && trials < MOST_TRIALS;) {
      const less = [...kept.slice(0, at), ...kept.slice(at + size)];
      if (await isBroken(less)) kept = less;
      else at += size;
    }
  }
  return kept;
}
