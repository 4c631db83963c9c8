/** What was decided on each of Upstart's quirks. */

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { readFolder, readScenario, type Scenario, SCENARIOS } from "./scenario.ts";

/** `same`: does as Upstart does. `better`: does what the scenario of that name in `better/` says. */
export interface Decision {
  decision: "same" | "better" | "undecided";
  /** The reason, in a sentence. */
  why: string;
}

/** A quirk's decision, and the scenario that Rouse must fulfil. */
export interface Quirk extends Decision {
  name: string;
  scenario: Scenario;
}

/** All quirks, each with its decision. Throws when table and scenarios do not go together. */
export function readQuirks(): Quirk[] {
  const decisions = readDecisions();
  const recorded = readFolder(join(SCENARIOS, "quirks"));
  for (const name of decisions.keys()) {
    if (!recorded.has(name)) throw new Error(`quirks.json: ${name}: there is no scenario of that name`);
  }
  return [...recorded].map(([name, scenario]) => {
    const decision = decisions.get(name) ?? { decision: "undecided", why: "" };
    return { name, ...decision, scenario: decision.decision === "better" ? readBetter(name) : scenario };
  });
}

function readDecisions(): Map<string, Decision> {
  const text = readFileSync(join(import.meta.dirname!, "quirks.json"), "utf8");
  return new Map(Object.entries(JSON.parse(text) as Record<string, Decision>));
}

function readBetter(name: string): Scenario {
  const path = join(import.meta.dirname!, "better", `${name}.json`);
  if (!existsSync(path)) {
    throw new Error(`quirks.json: ${name}: decided to do better, but ${path} is not there`);
  }
  return readScenario(path);
}
