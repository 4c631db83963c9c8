/**
 * Measures the compiled executable beside its peers: `deno task bench [--docs] [WORKLOAD…]`. The figures are printed
 * as a table and put into dist/bench as results.json and chart.svg; with `--docs` into docs/, where results of
 * workloads that were not run now stay.
 */

import process from "node:process";
import { allPeers } from "./peers/mod.ts";
import { compileProbe } from "./probe.ts";
import { measure } from "./measure.ts";
import { report } from "./report.ts";
import { CONTROL } from "./workloads/control.ts";
import { MODULE_WORKLOADS } from "./workloads/modules.ts";
import { OUTPUT } from "./workloads/output.ts";
import { RESOURCES } from "./workloads/resources.ts";
import { STARTING } from "./workloads/starting.ts";

const WORKLOADS = { ...STARTING, ...CONTROL, ...OUTPUT, ...RESOURCES, ...MODULE_WORKLOADS };

async function main(words: string[]): Promise<number> {
  const names = words.filter((word) => word !== "--docs");
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
  const present = peers.filter(({ missing }) => !missing);
  const results = [];
  for (const name of names.length > 0 ? names : Object.keys(WORKLOADS)) {
    results.push(...await measure(name, WORKLOADS[name]!, present));
  }
  report(results, words.includes("--docs"));
  return 0;
}

process.exit(await main(process.argv.slice(2)));
