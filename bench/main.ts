/**
 * Measures the compiled executable beside its peers: `deno task bench --help` tells how. The figures are printed as a
 * table and put into dist/bench as performance.json and performance.svg.
 */

import process from "node:process";
import { valueOf } from "../lib/model/command_line/options.ts";
import { followCommandLine, type Tool } from "../lib/model/command_line/tool.ts";
import { UsageError } from "../lib/model/command_line/usage_error.ts";
import { writeAll } from "../lib/sys/io/write_all.ts";
import { allPeers } from "./peers/mod.ts";
import { compileProbe } from "./probe.ts";
import { measure } from "./measure.ts";
import { report } from "./report.ts";
import { CONTROL } from "./workloads/control.ts";
import { MODULE_WORKLOADS } from "./workloads/modules.ts";
import { OUTPUT } from "./workloads/output.ts";
import { RESOURCES } from "./workloads/resources.ts";
import { STARTING } from "./workloads/starting.ts";
import type { Workload } from "./workloads/workload.ts";

const WORKLOADS = { ...STARTING, ...CONTROL, ...OUTPUT, ...RESOURCES, ...MODULE_WORKLOADS };

const BENCH: Tool = {
  name: "bench",
  arguments: "[WORKLOAD]...",
  summary: "Measure the compiled executable beside its peers.",
  help: `WORKLOAD is one of ${Object.keys(WORKLOADS).join(", ")}.\n\n` +
    "Exit status: 0, 1 when nothing could be measured, 2 for wrong arguments.",
  options: [
    { long: "docs", help: "put the figures into docs/; what is not measured now stays as it is there" },
    { long: "rounds", argument: "NUMBER", help: "1 gives a quick look" },
    { long: "peers", argument: "NAME[,NAME]...", help: "beside these alone" },
  ],
  async run(parsed) {
    const { args: names, options } = parsed;
    const unknown = names.filter((name) => !Object.hasOwn(WORKLOADS, name));
    if (unknown.length > 0) throw new UsageError(`unknown workload: ${unknown.join(", ")}`);
    compileProbe();
    const peers = allPeers();
    for (const { name, missing } of peers) if (missing) console.error(`${name} is skipped: ${missing}`);
    const wanted = valueOf(parsed, "peers")?.split(",");
    const present = peers.filter(({ name, missing }) => !missing && (wanted?.includes(name) ?? true));
    const results = [];
    for (const name of names.length > 0 ? names : Object.keys(WORKLOADS)) {
      results.push(...await measure(name, withRounds(WORKLOADS[name]!, valueOf(parsed, "rounds")), present));
    }
    report(results, options.has("docs"));
    return 0;
  },
};

function withRounds(workload: Workload, rounds: string | undefined): Workload {
  return rounds === undefined ? workload : { ...workload, rounds: Number(rounds) };
}

async function main(args: readonly string[]): Promise<number> {
  try {
    return await followCommandLine(BENCH, "deno task bench", args, writeAll);
  } catch (error) {
    console.error(`bench: ${(error as Error).message}`);
    return 1;
  }
}

process.exit(await main(process.argv.slice(2)));
