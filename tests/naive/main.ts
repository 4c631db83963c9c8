/** Compares the engine with the naive one by random histories: `deno task engines --help` tells how. */

import { demandNoArguments, numberOf, runTask } from "../../build/task.ts";
import type { Tool } from "../../lib/model/command_line/tool.ts";
import { compareHistories, type Counts } from "./check.ts";

/** So many histories have a seed in common. */
const BATCH = 1000;

const TASK: Tool = {
  name: "engines",
  summary: "Compare the engine with the naive one by random histories.",
  help:
    `Each seed decides ${BATCH} histories. It goes on with one seed after another until the first difference, which is ` +
    "printed with its seed. Nothing is needed, not even the executable.\n\n" +
    "Exit status: 0, 1 when the engines differ, 2 for wrong arguments.",
  options: [
    { long: "seed", argument: "NUMBER", help: "the first seed; a random one by default" },
    { long: "minutes", argument: "NUMBER", help: "for so long; 1 by default" },
  ],
  run(parsed) {
    demandNoArguments(parsed);
    const first = numberOf(parsed, "seed", "index") ?? Math.floor(Math.random() * 1e9);
    const end = Date.now() + (numberOf(parsed, "minutes", "amount") ?? 1) * 60_000;
    const total: Counts = { histories: 0, inputs: 0, effects: 0 };
    for (let seed = first; Date.now() < end; seed++) {
      const { histories, inputs, effects } = compareHistories(seed, BATCH);
      total.histories += histories;
      total.inputs += inputs;
      total.effects += effects;
      if (seed % 10 === 0) console.log(`seed ${seed}: ${total.histories} histories`);
    }
    const { histories, inputs, effects } = total;
    console.log(
      `${histories} histories from seed ${first} on: ${inputs} inputs, ${effects} effects are the same`,
    );
    return 0;
  },
};

if (import.meta.main) await runTask(TASK);
