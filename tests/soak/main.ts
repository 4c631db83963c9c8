/**
 * Has one init live long: `deno task soak --help` tells how. docs/reliability.md has figures.
 */

import process from "node:process";
import { commandLineOf, type Task, wholeNumberOf } from "../support/task.ts";
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

const TASK: Task = {
  name: "soak",
  summary: "Have one init live long, and look whether it holds on to memory or descriptors.",
  help: "Exit status: 0, 1 when something is not well, 2 for wrong arguments.",
  options: [
    { long: "cycles", argument: "NUMBER", help: "starts and stops of jobs; 1000000 by default" },
    { long: "events", argument: "NUMBER", help: "events that are emitted; 10000000 by default" },
  ],
  examples: ["deno task soak --cycles 10000 --events 100000"],
};

const line = await commandLineOf(TASK);
const cycles = wholeNumberOf(TASK, line, "cycles", 1_000_000, 1);
const events = wholeNumberOf(TASK, line, "events", 10_000_000, 1);
for await (const report of soak({ cycles, events }, console.log)) {
  const { slope, descriptors } = report;
  console.log(describe(report));
  if (slope < MOST_GAIN && descriptors.last <= descriptors.first) continue;
  console.error("Init holds on to something: see the slope, and the descriptors");
  process.exitCode = 1;
}
