/** Tests of recorded scenarios, some played at the same time. */

import assert from "node:assert/strict";
import type { Case } from "./cases.ts";
import { play } from "./player.ts";
import { pool } from "./pool.ts";

/** How far ahead of the test being awaited cases are begun. */
const AHEAD = 24;

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
  const inTurn = pool(atATime);
  const begun = new Map<Case, Promise<string[]>>();

  const begin = (one: Case) => {
    if (one.obstacle !== undefined || begun.has(one)) return;
    const differences = inTurn(() => play(one.scenario, folder(one)));
    differences.catch(() => {});
    begun.set(one, differences);
  };

  for (const [index, one] of cases.entries()) {
    const { name, scenario, decision, obstacle } = one;
    Deno.test({
      name: `${what} ${name}${decision ? ` (${decision})` : ""}: ${obstacle ?? scenario.about}`,
      ignore: obstacle !== undefined,
      sanitizeOps: false,
      sanitizeResources: false,
      async fn() {
        for (const next of cases.slice(index, index + AHEAD)) begin(next);
        const differences = await begun.get(one)!;
        assert.ok(differences.length === 0, differences.join("\n"));
      },
    });
  }

  Deno.test.afterAll(async () => {
    await Promise.allSettled(begun.values());
  });
}
