/**
 * Measures the compiled executable beside its peers: `deno task bench --help` tells how. The figures are printed as a
 * table and put into dist/bench as performance.json and performance.svg.
 */

import { entryIn, numberOf, runTask } from "../build/task.ts";
import { valueOf } from "../lib/model/command_line/options.ts";
import type { Tool } from "../lib/model/command_line/tool.ts";
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

const WORKLOADS: Readonly<Record<string, Workload>> = {
  ...STARTING,
  ...CONTROL,
  ...OUTPUT,
  ...RESOURCES,
  ...MODULE_WORKLOADS,
};

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
    const names = parsed.args.length > 0 ? parsed.args : Object.keys(WORKLOADS);
    const rounds = numberOf(parsed, "rounds", "count");
    const workloads = names.map((name) => [name, entryIn(WORKLOADS, name, "workload")] as const);
    const peers = allPeers(), byName = Object.fromEntries(peers.map((peer) => [peer.name, peer]));
    const wanted = valueOf(parsed, "peers")?.split(",").map((name) => entryIn(byName, name, "peer")) ?? peers;
    for (const { name, missing } of wanted) if (missing) console.error(`${name} is skipped: ${missing}`);
    const present = wanted.filter(({ missing }) => !missing);
    compileProbe();
    const results = [];
    for (const [name, workload] of workloads) {
      const chosen = { ...workload, rounds: rounds ?? workload.rounds };
      results.push(...await measure(name, chosen, present));
    }
    report(results, parsed.options.has("docs"));
    return 0;
  },
};

if (import.meta.main) await runTask(BENCH);
