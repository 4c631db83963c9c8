/** Chaos on the real executable: `deno task chaos --help` tells how. docs/reliability.md has figures. */

import { demandNoArguments, numberOf, runTask } from "../../build/task.ts";
import type { Tool } from "../../lib/model/command_line/tool.ts";
import { demandNamespaces } from "../support/namespace.ts";
import { chaos, type ChaosReport } from "./chaos.ts";

const MINUTES = 10, SERVICES = 300;

function tell({ counts, lines, waits, longestRestart, memory, descriptors }: ChaosReport): void {
  const rows = [...counts].sort(([one], [other]) => one < other ? -1 : 1);
  for (const [what, count] of rows) console.log(`${String(count).padStart(8)} ${what}`);
  const [p50, p99] = [waits.p50, waits.p99].map((time) => time.toFixed(1));
  const [most, restart] = [waits.most, longestRestart].map((time) => time.toFixed(0));
  const [first, last, slope] = [memory.first.toFixed(1), memory.last.toFixed(1), memory.slope.toFixed(2)];
  console.log(
    `Nothing lost or doubled; ${lines} lines of logs in order. A client that asks each 20 ms waited ${p50} ms in the ` +
      `median, ${p99} ms at p99, ${most} ms at most (${waits.count} times), and ${restart} ms at most for a restart. ` +
      `Private memory ${first} MB at first, ${last} MB at last, ${slope} MB a minute; ` +
      `descriptors ${descriptors.first} and ${descriptors.last}.`,
  );
}

const TASK: Tool = {
  name: "chaos",
  summary: "Come over an init with kills, storms, shortages, broken files and restarts.",
  help: "Afterwards each service has to be where its definition says. The seed decides what happens when.\n" +
    "Only root can do this, with util-linux.\n\n" +
    "Exit status: 0, 1 when something is lost, doubled or not where it is to be, 2 for wrong arguments.",
  options: [
    { long: "minutes", argument: "NUMBER", help: `for so long; ${MINUTES} by default` },
    { long: "seed", argument: "NUMBER", help: "the seed; another each time by default" },
    { long: "services", argument: "NUMBER", help: `services that there are; ${SERVICES} by default` },
  ],
  async run(parsed) {
    demandNoArguments(parsed);
    const minutes = numberOf(parsed, "minutes", "amount") ?? MINUTES;
    const seed = numberOf(parsed, "seed", "index") ?? Date.now() % 1_000_000;
    const services = numberOf(parsed, "services", "count") ?? SERVICES;
    demandNamespaces();
    console.log(`seed ${seed}, ${services} services, ${minutes} minutes`);
    tell(await chaos({ seed, services, time: minutes * 60_000 }, console.log));
    return 0;
  },
};

if (import.meta.main) await runTask(TASK);
