/** Every recorded scenario, played to the compiled executable. */

import assert from "node:assert/strict";
import { type Case, readCases } from "./cases.ts";
import { play } from "./player.ts";
import { pool } from "./pool.ts";

/** Scenarios wait for processes and timers most of the time, so more of them than there are processors. */
const AT_A_TIME = 4;
/** How far ahead of the test being awaited scenarios are begun. */
const AHEAD = 24;

const cases = readCases();
const inTurn = pool(AT_A_TIME);
const begun = new Map<Case, Promise<string[]>>();

for (const [index, one] of cases.entries()) {
  const { name, scenario, decision, obstacle } = one;
  Deno.test({
    name: `conformance ${name}${decision ? ` (${decision})` : ""}: ${obstacle ?? scenario.about}`,
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

function begin(one: Case): void {
  if (one.obstacle !== undefined || begun.has(one)) return;
  const differences = inTurn(() => play(one.scenario));
  differences.catch(() => {});
  begun.set(one, differences);
}
