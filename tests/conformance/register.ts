/** Tests of recorded scenarios, some played at the same time. */

import assert from "node:assert/strict";
import { registerTogether } from "../support/together.ts";
import type { Case } from "./cases.ts";
import { play } from "./player.ts";

/**
 * Registers a test for each case.
 * @param what What the tests' names begin with.
 * @param atATime How many cases are played at once.
 * @param folder The folder of the programs under test, for each case.
 */
export function register(
  what: string,
  cases: readonly Case[],
  atATime: number,
  folder: (one: Case) => string,
): void {
  const tests = cases.map((one) => {
    const { name, scenario, decision, obstacle } = one;
    return {
      name: `${what} ${name}${decision ? ` (${decision})` : ""}: ${obstacle ?? scenario.about}`,
      ignore: obstacle !== undefined,
      async fn() {
        const differences = await play(scenario, folder(one));
        assert.ok(differences.length === 0, differences.join("\n"));
      },
    };
  });
  registerTogether(tests, atATime);
}
