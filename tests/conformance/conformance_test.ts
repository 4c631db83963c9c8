/** Every recorded scenario, played to the compiled executable. */

import assert from "node:assert/strict";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { play } from "./player.ts";
import { pool } from "./pool.ts";
import { readQuirks } from "./quirks.ts";
import { readFolder, type Scenario, SCENARIOS } from "./scenario.ts";

/** Some scenarios run this; where it is not installed they are passed over. */
const PYTHON = "/usr/bin/python3";
/** Scenarios wait for processes and timers most of the time, so more of them than there are processors. */
const AT_A_TIME = 4;
/** How far ahead of the test being awaited scenarios are begun. */
const AHEAD = 24;

interface Case {
  name: string;
  scenario: Scenario;
  ignore: boolean;
  differences?: Promise<string[]>;
}

const subjects = readdirSync(SCENARIOS).filter((subject) => subject !== "quirks").sort();
const cases: Case[] = [
  ...subjects.flatMap((subject) =>
    [...readFolder(join(SCENARIOS, subject))]
      .map(([name, scenario]) => ({ name: `${subject}/${name}`, scenario, ignore: !isPossible(scenario) }))
  ),
  ...readQuirks().map(({ name, scenario, decision }) => ({
    name: `quirks/${name} (${decision})`,
    scenario,
    ignore: decision === "undecided" || !isPossible(scenario) ||
      (name.endsWith("-as-root") && Deno.uid() !== 0),
  })),
];
const inTurn = pool(AT_A_TIME);

for (const [index, { name, scenario, ignore }] of cases.entries()) {
  Deno.test({
    name: `conformance ${name}: ${scenario.about}`,
    ignore,
    sanitizeOps: false,
    sanitizeResources: false,
    async fn() {
      for (const next of cases.slice(index, index + AHEAD)) begin(next);
      const differences = await cases[index]!.differences!;
      assert.ok(differences.length === 0, differences.join("\n"));
    },
  });
}

Deno.test.afterAll(async () => {
  await Promise.allSettled(cases.map(({ differences }) => differences));
});

function begin(one: Case): void {
  if (one.ignore || one.differences) return;
  one.differences = inTurn(() => play(one.scenario));
  one.differences.catch(() => {});
}

function isPossible(scenario: Scenario): boolean {
  return existsSync(PYTHON) || !JSON.stringify(scenario.jobs ?? {}).includes(PYTHON);
}
