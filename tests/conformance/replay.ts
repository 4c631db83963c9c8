/**
 * Replays scenarios with any init and initctl: `deno run -A tests/conformance/replay.ts --help` tells how.
 */

import { resolve } from "node:path";
import process from "node:process";
import { type ParsedOptions, valueOf } from "../../lib/model/command_line/options.ts";
import { followCommandLine, type Tool } from "../../lib/model/command_line/tool.ts";
import { writeAll } from "../../lib/sys/io/write_all.ts";
import { programs } from "../support/programs.ts";
import { readCases } from "./cases.ts";
import { play } from "./player.ts";
import { pool } from "../support/pool.ts";

const REPLAY: Tool = {
  name: "replay",
  arguments: "[PATTERN]...",
  summary: "Replay scenarios with any init and initctl.",
  help: "PATTERN is a part of a scenario's name, such as engine/ or respawn.\n\n" +
    "Exit status: 0, 1 when a scenario differs, 2 for wrong arguments.",
  options: [
    { long: "bin", argument: "DIR", help: "init, initctl, start … in DIR, not the compiled executable" },
    { long: "recorded", help: "quirks are as Upstart has them" },
    { long: "jobs", argument: "N", help: "how many at once; 4 by default" },
    { short: "v", long: "verbose", help: "also name those that are equal" },
  ],
  run: replay,
};

/** The outcomes by subject, the first part of a scenario's name. */
const tally = new Map<string, { passed: number; failed: number }>();

async function replay(parsed: ParsedOptions): Promise<number> {
  const { args: patterns, options } = parsed, bin = valueOf(parsed, "bin");
  const folder = bin === undefined ? programs() : resolve(bin);
  const inTurn = pool(Number(valueOf(parsed, "jobs") ?? "4"));
  const cases = readCases(options.has("recorded"))
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
      else if (options.has("verbose")) console.log(`${name}: equal`);
    })
  ));

  return report();
}

/** Prints how many scenarios passed. Returns the exit status. */
function report(): number {
  let passed = 0, failed = 0;
  for (const [subject, count] of [...tally].sort()) {
    console.log(`${subject}: ${count.passed} passed, ${count.failed} failed`);
    passed += count.passed;
    failed += count.failed;
  }
  console.log(`${passed} passed, ${failed} failed`);
  return failed === 0 ? 0 : 1;
}

process.exitCode = await followCommandLine(REPLAY, "replay.ts", process.argv.slice(2), writeAll);
