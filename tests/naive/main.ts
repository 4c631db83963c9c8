/**
 * Compares the engine with the naive one by random histories, for some minutes: `deno task engines [--seed N] [--minutes M]`.
 * It ends with status 1 at the first difference, which it prints.
 */

import process from "node:process";
import { parseArgs } from "node:util";
import { compareHistories, type Counts } from "./check.ts";

/** So many histories have a seed in common. */
const BATCH = 1000;

const { values } = parseArgs({ options: { seed: { type: "string" }, minutes: { type: "string" } } });
const first = Number(values.seed ?? Math.floor(Math.random() * 1e9)), minutes = Number(values.minutes ?? 1);
if (!Number.isInteger(first) || !(minutes > 0)) {
  console.error("Usage: deno task engines [--seed NUMBER] [--minutes NUMBER]");
  process.exit(2);
}
const total: Counts = { histories: 0, inputs: 0, effects: 0 };
const end = Date.now() + minutes * 60_000;
try {
  for (let seed = first; Date.now() < end; seed++) {
    const { histories, inputs, effects } = compareHistories(seed, BATCH);
    total.histories += histories;
    total.inputs += inputs;
    total.effects += effects;
    if (seed % 10 === 0) console.log(`seed ${seed}: ${total.histories} histories`);
  }
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
console.log(
  `${total.histories} histories from seed ${first} on: ${total.inputs} inputs, ${total.effects} effects are the same`,
);
