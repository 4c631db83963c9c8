/**
 * Compares the engine with the naive one by random histories, for some minutes: `deno task engines`.
 * It ends with status 1 at the first difference, which it prints.
 */

import process from "node:process";
import { commandLineOf, numberOf, type Task, wholeNumberOf } from "../support/task.ts";
import { compareHistories, type Counts } from "./check.ts";

/** So many histories have a seed in common. */
const BATCH = 1000;

const TASK: Task = {
  name: "engines",
  summary: "Compare the engine with a second one, written from the manual, by random histories.",
  help: "Exit status: 0, 1 at the first difference, 2 for wrong arguments.",
  options: [
    { long: "minutes", argument: "NUMBER", help: "how long it lasts; 1 by default" },
    { long: "seed", argument: "NUMBER", help: "the first history; another one each time by default" },
  ],
};

const line = await commandLineOf(TASK);
const first = wholeNumberOf(TASK, line, "seed", Math.floor(Math.random() * 1e9));
const minutes = numberOf(TASK, line, "minutes", 1);
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
