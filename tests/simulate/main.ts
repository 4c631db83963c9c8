/**
 * Simulates the whole init on a simulated kernel, in virtual time: one seed, one history.
 *
 *     deno task simulate [--seed N] [--seeds COUNT] [--hours H] [--actions I,J,…] [--verbose] [--keep-going] [--as-it-is]
 *     deno task simulate --refusals
 *
 * Without a seed, it goes on with one after another for ever. A failure is shrunk and ends it, unless it is to keep going.
 */

import process from "node:process";
import { randomHistory } from "./actions.ts";
import { refuseCalls } from "./refusals.ts";
import { shrink, trialOf } from "./shrink.ts";
import { type Outcome, Simulation } from "./simulation.ts";

/** An option's value; undefined where it is not given. */
function option(name: string): string | undefined {
  const words = process.argv.slice(2), at = words.indexOf(`--${name}`);
  return at < 0 ? undefined : words[at + 1];
}

if (process.argv.includes("--refusals")) {
  const { problems, count } = await refuseCalls(1);
  console.log([...problems, `${count} system calls were refused, one in each history`].join("\n"));
  process.exit(problems.length > 0 ? 1 : 0);
}

const hours = Number(option("hours") ?? 0.2),
  first = option("seed"),
  count = Number(option("seeds") ?? (first === undefined ? Infinity : 1));
const isVerbose = process.argv.includes("--verbose");
const start = first === undefined ? Date.now() % 1_000_000_000 : Number(first);
let virtual = 0;
for (let seed = start; seed < start + count; seed++) {
  const whole = randomHistory(seed, hours), chosen = option("actions")?.split(",").map(Number);
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
  if (chosen || process.argv.includes("--as-it-is")) process.exit(1);
  if (process.argv.includes("--keep-going")) continue;
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
