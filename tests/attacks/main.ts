/**
 * Attacks init by all means that users other than root have: `deno task attack`. The table tells how long root waits
 * for the answer to `status` alone, beside as many processes that only use the processors, and under each attack.
 */

import { pause } from "../support/deadline.ts";
import { commandLineOf, refuse, type Task } from "../support/task.ts";
import { ATTACKS, quantile, Siege } from "./siege.ts";

const JOBS = 1000, ATTACKERS = 8, SAMPLES = 300;

const TASK: Task = {
  name: "attack",
  arguments: "[ATTACK]...",
  summary: "Attack init by all means that other users than root have, and measure how long root waits.",
  help: `ATTACK is a part of one of these names: ${ATTACKS.join("; ")}.\n\n` +
    "Exit status: 0, 1 when it fails, 2 for wrong arguments.",
  options: [],
};

const { args } = await commandLineOf(TASK);
const unknown = args.find((part) => !ATTACKS.some((name) => name.includes(part)));
if (unknown !== undefined) refuse(TASK, `unknown attack: ${unknown}`);
const chosen = args.length > 0 ? ATTACKS.filter((name) => args.some((part) => name.includes(part))) : ATTACKS;
await using siege = await Siege.begin(JOBS);
const row = (name: string, ...cells: unknown[]) =>
  console.log(name.padEnd(36) + cells.map((cell) => String(cell).padStart(9)).join(""));
const ms = (time: number) => time.toFixed(2);
row("attack", "p50 ms", "p99 ms", "max ms", "MB", "then", "fds", "then");
const alone = await siege.sample(SAMPLES);
row("none", ms(quantile(alone, 0.5)), ms(quantile(alone, 0.99)), ms(alone.at(-1)!));
for (const name of chosen) {
  const { latencies, before, meanwhile } = await siege.endure(name, ATTACKERS, SAMPLES);
  await pause(3000);
  const after = siege.needs();
  row(
    name,
    ms(quantile(latencies, 0.5)),
    ms(quantile(latencies, 0.99)),
    ms(latencies.at(-1)!),
    `${before.memory.toFixed(0)}>${meanwhile.memory.toFixed(0)}`,
    after.memory.toFixed(0),
    `${before.descriptors}>${meanwhile.descriptors}`,
    after.descriptors,
  );
}
