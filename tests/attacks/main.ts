/** Attacks init by all means that users other than root have: `deno task attack --help` tells how. docs/security.md has figures. */

import { runTask } from "../../build/task.ts";
import type { Tool } from "../../lib/model/command_line/tool.ts";
import { UsageError } from "../../lib/model/command_line/usage_error.ts";
import { pause } from "../support/deadline.ts";
import { demandNamespaces } from "../support/namespace.ts";
import { ATTACKS, quantile, Siege } from "./siege.ts";

const JOBS = 1000, ATTACKERS = 8, SAMPLES = 300;

/** The attacks whose names have one of these parts; all where there is none. @throws {UsageError} for a part that none has. */
function chosenAttacks(parts: readonly string[]): string[] {
  const unknown = parts.find((part) => !ATTACKS.some((name) => name.includes(part)));
  if (unknown !== undefined) throw new UsageError(`unknown attack: ${unknown}`);
  return ATTACKS.filter((name) => parts.length === 0 || parts.some((part) => name.includes(part)));
}

function printRow(name: string, ...cells: unknown[]): void {
  console.log(name.padEnd(36) + cells.map((cell) => String(cell).padStart(9)).join(""));
}

/** The median, the 99th percentile and the longest of times in ascending order, as cells. */
function cellsOf(times: readonly number[]): string[] {
  return [quantile(times, 0.5), quantile(times, 0.99), times.at(-1)!].map((time) => time.toFixed(2));
}

const TASK: Tool = {
  name: "attack",
  arguments: "[ATTACK]...",
  summary: "Print how long root waits for init while other users attack it, and what init needs meanwhile.",
  help: `ATTACK is a part of a name; all are made by default: ${ATTACKS.join("; ")}.\n` +
    `Root asks an init with ${JOBS} jobs for \`status' ${SAMPLES} times without an attack, and during each by ` +
    `${ATTACKERS} processes. The columns behind \`then' are 3 s later.\n` +
    "Only root can do this, with util-linux and iproute2.\n\n" +
    "Exit status: 0, 1 when init does not endure it, 2 for wrong arguments.",
  options: [],
  async run({ args }) {
    const chosen = chosenAttacks(args);
    demandNamespaces();
    await using siege = await Siege.begin(JOBS);
    printRow("attack", "p50 ms", "p99 ms", "max ms", "MB", "then", "fds", "then");
    printRow("none", ...cellsOf(await siege.sample(SAMPLES)));
    for (const name of chosen) {
      const { latencies, before, meanwhile } = await siege.endure(name, ATTACKERS, SAMPLES);
      await pause(3000);
      const after = siege.needs();
      const memory = [`${before.memory.toFixed(0)}>${meanwhile.memory.toFixed(0)}`, after.memory.toFixed(0)];
      const descriptors = [`${before.descriptors}>${meanwhile.descriptors}`, after.descriptors];
      printRow(name, ...cellsOf(latencies), ...memory, ...descriptors);
    }
    return 0;
  },
};

if (import.meta.main) await runTask(TASK);
