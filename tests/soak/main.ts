/** Has one init live long: `deno task soak --help` tells how. docs/reliability.md has figures. */

import { demandNoArguments, numberOf, runTask } from "../../build/task.ts";
import type { Tool } from "../../lib/model/command_line/tool.ts";
import { soak, type SoakReport } from "./soak.ts";

/** Private memory that init may gain by 100,000 cycles or events after its warm-up, in MB. */
const MOST_GAIN = 1;

const CYCLES = 1_000_000, EVENTS = 10_000_000;

function describe({ what, count, seconds, slope, memory, descriptors, waits }: SoakReport): string {
  const rate = Math.round(count / seconds), gain = `${slope >= 0 ? "+" : ""}${slope.toFixed(3)}`;
  const [p50, p99, most] = [waits.p50.toFixed(1), waits.p99.toFixed(1), waits.most.toFixed(0)];
  return `${count} ${what} in ${
    Math.round(seconds)
  } s, ${rate} a second: private memory ${gain} MB per 100,000, ` +
    `${memory.toFixed(1)} MB at the end; descriptors ${descriptors.first} and ${descriptors.last}; ` +
    `a client that asks each 20 ms waited ${p50} ms in the median, ${p99} ms at p99, ${most} ms at most ` +
    `(${waits.count} times)`;
}

const TASK: Tool = {
  name: "soak",
  summary: "Have one init live through very many cycles of jobs and events, and measure what it holds on to.",
  help:
    `It holds on to something where it gains more than ${MOST_GAIN} MB by 100,000 of them, or descriptors. ` +
    "Nothing else is needed.\n\n" +
    "Exit status: 0, 1 when init holds on to something or loses something, 2 for wrong arguments.",
  options: [
    { long: "cycles", argument: "NUMBER", help: `cycles of jobs; ${CYCLES} by default` },
    { long: "events", argument: "NUMBER", help: `events; ${EVENTS} by default` },
  ],
  async run(parsed) {
    demandNoArguments(parsed);
    const cycles = numberOf(parsed, "cycles", "count") ?? CYCLES;
    const events = numberOf(parsed, "events", "count") ?? EVENTS;
    let status = 0;
    for await (const report of soak({ cycles, events }, console.log)) {
      const { slope, descriptors } = report;
      console.log(describe(report));
      if (slope < MOST_GAIN && descriptors.last <= descriptors.first) continue;
      console.error("Init holds on to something: see the slope, and the descriptors");
      status = 1;
    }
    return status;
  },
};

if (import.meta.main) await runTask(TASK);
