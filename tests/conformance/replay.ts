/**
 * Replays scenarios with any init and initctl:
 * `deno run -A tests/conformance/replay.ts [--bin DIR] [--recorded] [--jobs N] [--verbose] [PATTERN…]`.
 * DIR holds init, initctl, start, stop and so on (the compiled executable when absent); with `--recorded`, quirks
 * are as Upstart has them; a pattern is a part of a scenario's name, e.g. `engine/` or `respawn`. Exits 1 when a
 * scenario differs.
 */

import { resolve } from "node:path";
import process from "node:process";
import { parseArgs } from "node:util";
import { programs } from "../support/programs.ts";
import { readCases } from "./cases.ts";
import { play } from "./player.ts";
import { pool } from "./pool.ts";

const { values: options, positionals: patterns } = parseArgs({
  allowPositionals: true,
  options: {
    bin: { type: "string" },
    recorded: { type: "boolean", default: false },
    jobs: { type: "string", default: "4" },
    verbose: { type: "boolean", short: "v", default: false },
  },
});

const folder = options.bin === undefined ? programs() : resolve(options.bin);
const inTurn = pool(Number(options.jobs));
const tally = new Map<string, { passed: number; failed: number }>();
const cases = readCases(options.recorded)
  .filter(({ name }) => patterns.length === 0 || patterns.some((pattern) => name.includes(pattern)));

await Promise.all(cases.map(({ name, scenario, obstacle }) =>
  inTurn(async () => {
    if (obstacle !== undefined) return console.log(`${name}: passed over: ${obstacle}`);
    const differences = await play(scenario, folder).catch((error: Error) => [error.message]);
    const subject = name.slice(0, name.indexOf("/"));
    const count = tally.get(subject) ?? { passed: 0, failed: 0 };
    tally.set(subject, count);
    count[differences.length === 0 ? "passed" : "failed"]++;
    if (differences.length > 0) console.log(`${name}: ${scenario.about}\n${differences.join("\n")}\n`);
    else if (options.verbose) console.log(`${name}: equal`);
  })
));

let passed = 0, failed = 0;
for (const [subject, count] of [...tally].sort()) {
  console.log(`${subject}: ${count.passed} passed, ${count.failed} failed`);
  passed += count.passed;
  failed += count.failed;
}
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
