/**
 * Replays scenarios with any init and initctl:
 * `deno run -A tests/conformance/replay.ts [--bin DIR] [--jobs N] [--verbose] [PATTERN…]`.
 * DIR holds init, initctl, start, stop and so on (the compiled executable when absent); a pattern is a part of
 * a scenario's name, e.g. `engine/` or `respawn`. Exits 1 when a scenario differs from what was recorded.
 */

import { readdirSync } from "node:fs";
import { join, resolve } from "node:path";
import process from "node:process";
import { parseArgs } from "node:util";
import { programs } from "../support/programs.ts";
import { play } from "./player.ts";
import { pool } from "./pool.ts";
import { readFolder, SCENARIOS } from "./scenario.ts";

const { values: options, positionals: patterns } = parseArgs({
  allowPositionals: true,
  options: {
    bin: { type: "string" },
    jobs: { type: "string", default: "4" },
    verbose: { type: "boolean", short: "v", default: false },
  },
});

const folder = options.bin === undefined ? programs() : resolve(options.bin);
const inTurn = pool(Number(options.jobs));
const tally = new Map<string, { passed: number; failed: number }>();

await Promise.all(
  readdirSync(SCENARIOS).sort().flatMap((subject) => {
    tally.set(subject, { passed: 0, failed: 0 });
    return [...readFolder(join(SCENARIOS, subject))]
      .map(([file, scenario]) => ({ name: `${subject}/${file}`, scenario }))
      .filter(({ name }) => patterns.length === 0 || patterns.some((pattern) => name.includes(pattern)))
      .map(({ name, scenario }) =>
        inTurn(async () => {
          const differences = await play(scenario, folder).catch((error: Error) => [error.message]);
          tally.get(subject)![differences.length === 0 ? "passed" : "failed"]++;
          if (differences.length > 0) console.log(`${name}: ${scenario.about}\n${differences.join("\n")}\n`);
          else if (options.verbose) console.log(`${name}: equal`);
        })
      );
  }),
);

let passed = 0, failed = 0;
for (const [subject, count] of tally) {
  if (count.passed + count.failed > 0) {
    console.log(`${subject}: ${count.passed} passed, ${count.failed} failed`);
  }
  passed += count.passed;
  failed += count.failed;
}
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
