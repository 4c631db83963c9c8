/**
 * Simulates the whole init on a simulated kernel, in virtual time: one seed, one history.
 *
 *     deno task simulate --help
 *
 * Without a seed, it goes on with one after another for ever. A failure is shrunk and ends it, unless it is to keep going.
 */

import process from "node:process";
import { valueOf } from "../../lib/model/command_line/options.ts";
import { commandLineOf, numberOf, type Task, wholeNumberOf } from "../support/task.ts";
import { randomHistory } from "./actions.ts";
import { refuseCalls } from "./refusals.ts";
import { shrink, trialOf } from "./shrink.ts";
import { type Outcome, Simulation } from "./simulation.ts";

const TASK: Task = {
  name: "simulate",
  summary: "Simulate the whole init on a simulated kernel, in virtual time: one seed, one history.",
  help: "Without a seed, it goes on with one after another for ever. A failure is shrunk and ends it.\n\n" +
    "Exit status: 0, 1 when a rule is broken, 2 for wrong arguments.",
  options: [
    { long: "seed", argument: "NUMBER", help: "the first history; it alone, unless --seeds says more" },
    { long: "seeds", argument: "NUMBER", help: "how many histories" },
    { long: "hours", argument: "NUMBER", help: "virtual time of each; 0.2 by default" },
    { long: "actions", argument: "I,J,...", help: "these actions of the history alone" },
    { long: "verbose", help: "print the messages and the trace" },
    { long: "keep-going", help: "go on with the next seed after a failure" },
    { long: "as-it-is", help: "do not shrink a failure" },
    { long: "refusals", help: "refuse each system call once instead" },
  ],
  examples: ["deno task simulate --seed 1 --seeds 20"],
};

const line = await commandLineOf(TASK);

if (line.options.has("refusals")) {
  const { problems, count } = await refuseCalls(1);
  console.log([...problems, `${count} system calls were refused, one in each history`].join("\n"));
  process.exit(problems.length > 0 ? 1 : 0);
}

const hasSeed = line.options.has("seed");
const hours = numberOf(TASK, line, "hours", 0.2);
const count = numberOf(TASK, line, "seeds", hasSeed ? 1 : Infinity);
const isVerbose = line.options.has("verbose");
const start = wholeNumberOf(TASK, line, "seed", Date.now() % 1_000_000_000);
let virtual = 0;
for (let seed = start; seed < start + count; seed++) {
  const whole = randomHistory(seed, hours), chosen = valueOf(line, "actions")?.split(",").map(Number);
  const history = chosen ? chosen.map((index) => whole[index]!) : whole;
  const outcome = await new Simulation(seed, history).run();
  virtual += outcome.time;
  const { user, system } = process.cpuUsage(), speed = virtual / ((user + system) / 1000);
  console.log(
    `seed ${seed}: ${summary(outcome)}; ${speed.toFixed(0)} virtual hours an hour of the processor`,
  );
  if (isVerbose) console.log([...outcome.messages, "", ...outcome.trace].join("\n"));
  if (outcome.violations.length === 0) continue;
  report(outcome);
  if (chosen || line.options.has("as-it-is")) process.exit(1);
  if (line.options.has("keep-going")) continue;
  console.log("\nshrinking …");
  const kept = await shrink(whole, outcome, trialOf(seed, outcome));
  console.log(
    `\nthe same by: deno task simulate --seed ${seed} --hours ${hours} --actions ${kept.join(",")}\n`,
  );
  for (const index of kept) console.log(JSON.stringify(whole[index]));
  process.exit(1);
}

function summary({ digest, time, counts }: Outcome): string {
  const told = Object.entries(counts).map(([what, number]) => `${number} ${what}`).join(", ");
  return `${digest}, ${(time / 3_600_000).toFixed(2)} h, ${told}`;
}

function report({ violations, messages }: Outcome): void {
  console.log(messages.slice(-15).join("\n"));
  for (const { rule, how, time } of violations.slice(0, 10)) {
    console.log(`BROKEN at ${time.toFixed(1)} ms: ${rule}: ${how}`);
  }
}
