/** Restarts init in place again and again while it has much to do: `deno task restarts --help` tells how. docs/restart.md has figures. */

import { numberIn, runTask } from "../../build/task.ts";
import type { Tool } from "../../lib/model/command_line/tool.ts";
import { UsageError } from "../../lib/model/command_line/usage_error.ts";
import { storm } from "./storm.ts";

const TIMES = 1000;

const TASK: Tool = {
  name: "restarts",
  arguments: "[TIMES]",
  summary: "Restart init in place again and again while it has much to do.",
  help:
    `TIMES is how often; ${TIMES} by default. Nothing may be lost, doubled or left unanswered. Nothing else is needed.\n\n` +
    "Exit status: 0, 1 when something is lost, doubled or left unanswered, 2 for wrong arguments.",
  options: [],
  async run({ args: [times = String(TIMES), extra] }) {
    if (extra !== undefined) throw new UsageError(`unexpected argument: ${extra}`);
    const report = await storm(numberIn(times, "TIMES", "count"), (number) => {
      if (number % 50 === 0) console.log(`${number} restarts`);
    });
    console.log(
      `${report.restarts} restarts: no process lost or doubled, ${report.events} events, ${report.starts} starts and stops, ` +
        `${report.lines} lines of logs; a client has waited ${Math.round(report.longestPause)} ms at most, ` +
        `${Math.round(report.medianPause)} ms in the median`,
    );
    return 0;
  },
};

if (import.meta.main) await runTask(TASK);
