/**
 * Chaos on the real executable: `deno task chaos [--minutes M] [--seed N] [--services N]`, ten minutes with 300 services and a
 * seed of its own unless told otherwise. docs/reliability.md has figures.
 */

import process from "node:process";
import { parseArgs } from "node:util";
import { NAMESPACES_POSSIBLE } from "../support/namespace.ts";
import { chaos } from "./chaos.ts";

const { values } = parseArgs({
  args: Deno.args,
  options: {
    minutes: { type: "string", default: "10" },
    seed: { type: "string", default: String(Date.now() % 1_000_000) },
    services: { type: "string", default: "300" },
  },
});
const [minutes, seed, services] = [Number(values.minutes), Number(values.seed), Number(values.services)];
if (!(minutes > 0) || !Number.isInteger(seed) || !Number.isInteger(services) || services < 1) {
  console.error("Usage: deno task chaos [--minutes M] [--seed N] [--services N]");
  process.exit(1);
}
if (!NAMESPACES_POSSIBLE) {
  console.error("Chaos needs root, and unshare, nsenter and setpriv of util-linux");
  process.exit(1);
}
console.log(`seed ${seed}, ${services} services, ${minutes} minutes`);
const report = await chaos({ seed, services, time: minutes * 60_000 }, console.log);
const counts = [...report.counts].sort(([one], [other]) => one < other ? -1 : 1);
for (const [what, count] of counts) console.log(`${String(count).padStart(8)} ${what}`);
const { waits, memory, descriptors } = report;
console.log(
  `Nothing lost or doubled; ${report.lines} lines of logs in order. A client that asks each 20 ms waited ` +
    `${waits.p50.toFixed(1)} ms in the median, ${waits.p99.toFixed(1)} ms at p99, ${
      waits.most.toFixed(0)
    } ms at most ` +
    `(${waits.count} times), and ${
      report.longestRestart.toFixed(0)
    } ms at most for a restart. Private memory ` +
    `${memory.first.toFixed(1)} MB at first, ${memory.last.toFixed(1)} MB at last, ${
      memory.slope.toFixed(2)
    } MB a minute; ` +
    `descriptors ${descriptors.first} and ${descriptors.last}.`,
);
