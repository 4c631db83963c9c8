/**
 * Chaos on the real executable: `deno task chaos --help` tells how. docs/reliability.md has figures.
 */

import process from "node:process";
import { NAMESPACES_POSSIBLE } from "../support/namespace.ts";
import { commandLineOf, numberOf, type Task, wholeNumberOf } from "../support/task.ts";
import { chaos } from "./chaos.ts";

const TASK: Task = {
  name: "chaos",
  summary: "Have an init with many services live through all that can happen to it, at random.",
  help:
    "Clients ask, files change, processes are killed, init is restarted in place; nothing may be lost or doubled. " +
    "Only root can do this.\n\n" +
    "Exit status: 0, 1 when something is not well, 2 for wrong arguments.",
  options: [
    { long: "minutes", argument: "NUMBER", help: "how long it lasts; 10 by default" },
    { long: "seed", argument: "NUMBER", help: "what happens by chance; another one each time by default" },
    { long: "services", argument: "NUMBER", help: "how many services run; 300 by default" },
  ],
  examples: ["deno task chaos --minutes 1 --services 50"],
};

const line = await commandLineOf(TASK);
const minutes = numberOf(TASK, line, "minutes", 10);
const seed = wholeNumberOf(TASK, line, "seed", Date.now() % 1_000_000);
const services = wholeNumberOf(TASK, line, "services", 300, 1);
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
