/** All scenarios, each as Rouse is to fulfil it. */

import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { readQuirks } from "./quirks.ts";
import { readFolder, type Scenario, SCENARIOS } from "./scenario.ts";

/** Some scenarios run this. */
const PYTHON = "/usr/bin/python3";

/** A scenario to play. */
export interface Case {
  /** Its folder and file name, e.g. `engine/respawn`. */
  name: string;
  scenario: Scenario;
  /** What was decided on a quirk. */
  decision?: string;
  /** Why it cannot be played here, or not yet. */
  obstacle?: string;
}

/** All cases, in the order of their names. With `asRecorded` quirks are as Upstart has them. */
export function readCases(asRecorded = false): Case[] {
  const subjects = readdirSync(SCENARIOS).filter((subject) => asRecorded || subject !== "quirks").sort();
  const cases: Case[] = subjects.flatMap((subject) =>
    [...readFolder(join(SCENARIOS, subject))].map(([file, scenario]) => ({
      name: `${subject}/${file}`,
      scenario,
    }))
  );
  if (!asRecorded) {
    cases.push(
      ...readQuirks().map(({ name, scenario, decision }) => ({
        name: `quirks/${name}`,
        scenario,
        decision,
      })),
    );
  }
  return cases.map((one) => {
    const obstacle = obstacleTo(one);
    return obstacle === undefined ? one : { ...one, obstacle };
  });
}

function obstacleTo({ name, scenario, decision }: Case): string | undefined {
  if (decision === "undecided") return "nothing is decided on this quirk";
  if (name.endsWith("-as-root") && Deno.uid() !== 0) return "only root can play it";
  const needsPython = JSON.stringify(scenario.jobs ?? {}).includes(PYTHON);
  return needsPython && !existsSync(PYTHON) ? `${PYTHON} is not installed` : undefined;
}
