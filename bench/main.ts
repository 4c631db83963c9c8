/**
 * Measures the compiled executable beside its peers:
 *
 *     deno task bench [--docs] [--rounds NUMBER] [--peers NAME,NAME…] [WORKLOAD…]
 *
 * The figures are printed as a table and put into dist/bench as performance.json and performance.svg; with `--docs`
 * into docs/, where what was not measured now stays. `--rounds 1` gives a quick look.
 */

import process from "node:process";
import { parseArgs } from "node:util";
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

async function main(args: string[]): Promise<number> {
  const { values: options, positionals: names } = parseArgs({
    args,
    allowPositionals: true,
    options: { docs: { type: "boolean" }, rounds: { type: "string" }, peers: { type: "string" } },
  });
  const unknown = names.filter((name) => !Object.hasOwn(WORKLOADS, name));
  if (unknown.length > 0) {
    console.error(
      `bench: unknown workload: ${unknown.join(", ")}; there are ${Object.keys(WORKLOADS).join(", ")}`,
    );
    return 2;
  }
  try {
    compileProbe();
  } catch (error) {
    console.error(`bench: ${(error as Error).message}`);
    return 1;
  }
  const peers = allPeers();
  for (const { name, missing } of peers) if (missing) console.error(`${name} is skipped: ${missing}`);
  const wanted = options.peers?.split(",");
  const present = peers.filter(({ name, missing }) => !missing && (wanted?.includes(name) ?? true));
  const results = [];
  for (const name of names.length > 0 ? names : Object.keys(WORKLOADS)) {
    results.push(...await measure(name, withRounds(WORKLOADS[name]!, options.rounds), present));
  }
  report(results, Boolean(options.docs));
  return 0;
}

function withRounds(workload: Workload, rounds: string | undefined): Workload {
  return rounds === undefined ? workload : { ...workload, rounds: Number(rounds) };
}

process.exit(await main(process.argv.slice(2)));
