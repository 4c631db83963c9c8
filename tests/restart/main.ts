/** Restarts init in place again and again while it has much to do: `deno task restarts`. docs/restart.md has figures. */

import { commandLineOf, positive, type Task } from "../support/task.ts";
import { storm } from "./storm.ts";

const TASK: Task = {
  name: "restarts",
  arguments: "[TIMES]",
  summary: "Restart an init of 300 services in place, 1000 times by default, while it has much to do.",
  help: "No process, event, answer or line of a log may be lost or doubled.\n\n" +
    "Exit status: 0, 1 when something is, 2 for wrong arguments.",
  options: [],
  examples: ["deno task restarts 50"],
};

const { args: [times = "1000"] } = await commandLineOf(TASK);
const report = await storm(Math.ceil(positive(TASK, "TIMES", times)), (number) => {
  if (number % 50 === 0) console.log(`${number} restarts`);
});
console.log(
  `${report.restarts} restarts: no process lost or doubled, ${report.events} events, ${report.starts} starts and stops, ` +
    `${report.lines} lines of logs; a client has waited ${Math.round(report.longestPause)} ms at most, ` +
    `${Math.round(report.medianPause)} ms in the median`,
);
