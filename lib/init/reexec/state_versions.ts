/** The versions of the state, and what leads from each to the next. */

import { VERSION } from "../../model/version.ts";
import type { SavedProgram } from "../saved_program.ts";

/** The version of the state. It changes whenever a part saves something else than before, with a row in the table below. */
export const STATE_VERSION = 2;

/** A state of whatever version. */
// deno-lint-ignore no-explicit-any
type AnyState = any;

/** By version: what makes a state of the next version of one of this. */
const UPGRADES: Readonly<Record<number, (state: AnyState) => AnyState>> = {
  1: (state) => ({
    ...state,
    recovery: { count: 0, times: [], where: null, undone: [] },
    record: { path: null, lines: 0 },
  }),
};

/**
 * Makes a state of the present version.
 *
 * @param writer The version of the product that has written it, for the message.
 * @throws {Error} when this version of the product does not know the state's.
 */
export function upgradeState(state: unknown, version: number, writer: string): SavedProgram {
  let upgraded = state as AnyState;
  for (let at = version; at !== STATE_VERSION; at++) {
    const upgrade = UPGRADES[at];
    if (!upgrade) {
      throw new Error(
        `the state is of version ${version}, by rouse ${writer}; rouse ${VERSION} reads versions 1 to ${STATE_VERSION}`,
      );
    }
    upgraded = upgrade(upgraded);
  }
  return upgraded;
}
