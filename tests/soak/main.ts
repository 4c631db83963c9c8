/**
 * Has one init live long: `deno task soak [--cycles N] [--events N]`, a million cycles of jobs and ten million events unless
 * told otherwise. docs/reliability.md has figures.
 */

import process from "node:process";
import { parseArgs } from "node:util";
import { soak, type SoakReport } from "./soak.ts";

/** Private memory that init may gain by 100,000 cycles or events after its warm-up, in MB. */
const MOST_GAIN = 1;

function describe({ what, count, seconds, slope, memory, descriptors, waits }: SoakReport): string {
  return `${count} ${what} in ${Math.round(seconds)} s, ${
    Math.round(count / seconds)
  } a second: private memory ` +
    `${slope >= 0 ? "+" : ""}${slope.toFixed(3)} MB per 100,000, ${memory.toFixed(1)} MB at the end; ` +
    `descriptors ${descriptors.first} and ${descriptors.last}; a client that asks each 20 ms waited ` +
    `${waits.p50.toFixed(1)} ms in the median, ${waits.p99.toFixed(1)} ms at p99, ${
      waits.most.toFixed(0)
    } ms at most ` +
    `(${waits.count} times)`;
}

const { values } = parseArgs({
  args: Deno.args,
  options: {
    cycles: { type: "string", default: "1000000" },
    events: { type: "string", default: "10000000" },
  },
});
const [cycles, events] = [Number(values.cycles), Number(values.events)];
if (![cycles, events].every((count) => Number.isInteger(count) && count > 0)) {
  console.error("Usage: deno task soak [--cycles N] [--events N]");
  process.exit(1);
}
for await (const report of soak({ cycles, events }, console.log)) {
  const { slope, descriptors } = report;
  console.log(describe(report));
  if (slope < MOST_GAIN && descriptors.last <= descriptors.first) continue;
  console.error("Init holds on to something: see the slope, and the descriptors");
  process.exitCode = 1;
}
