/** Restarts init in place again and again while it has much to do: `deno task restarts [TIMES]`. docs/restart.md has figures. */

import process from "node:process";
import { storm } from "./storm.ts";

const times = Number(Deno.args[0] ?? 1000);
if (!Number.isInteger(times) || times < 1) {
  console.error("Usage: deno task restarts [TIMES]");
  process.exit(1);
}
const report = await storm(times, (number) => {
  if (number % 50 === 0) console.log(`${number} restarts`);
});
console.log(
  `${report.restarts} restarts: no process lost or doubled, ${report.events} events, ${report.starts} starts and stops, ` +
    `${report.lines} lines of logs; a client has waited ${Math.round(report.longestPause)} ms at most, ` +
    `${Math.round(report.medianPause)} ms in the median`,
);
