/** Simulates the whole init on a simulated kernel, in virtual time: `deno task simulate --help` tells how. */

import process from "node:process";
import { demandNoArguments, numberIn, numberOf, runTask } from "../../build/task.ts";
import { valueOf } from "../../lib/model/command_line/options.ts";
import type { Tool } from "../../lib/model/command_line/tool.ts";
import { UsageError } from "../../lib/model/command_line/usage_error.ts";
import { randomHistory } from "./actions.ts";
import { refuseCalls } from "./refusals.ts";
import { shrink, trialOf } from "./shrink.ts";
import { type Outcome, Simulation } from "./simulation.ts";

const HOURS = 0.2;

/** What is simulated, and what is told of it. */
interface Order {
  /** The first seed, and how many there are. */
  start: number;
  count: number;
  /** Of virtual time. */
  hours: number;
  /** These alone of a history's actions, by their places. */
  actions: readonly number[] | undefined;
  isVerbose: boolean;
  goesOn: boolean;
  /** What breaks a rule is not shrunk. */
  isAsItIs: boolean;
}

/** Simulates one seed after another. Gives the exit status. */
async function simulate(
  { start, count, hours, actions, isVerbose, goesOn, isAsItIs }: Order,
): Promise<number> {
  let virtual = 0, status = 0;
  for (let seed = start; seed < start + count; seed++) {
    const whole = randomHistory(seed, hours);
    const outcome = await new Simulation(seed, actions ? chosen(whole, actions) : whole).run();
    virtual += outcome.time;
    const { user, system } = process.cpuUsage(), speed = virtual / ((user + system) / 1000);
    console.log(
      `seed ${seed}: ${summary(outcome)}; ${speed.toFixed(0)} virtual hours an hour of the processor`,
    );
    if (isVerbose) console.log([...outcome.messages, "", ...outcome.trace].join("\n"));
    if (outcome.violations.length === 0) continue;
    report(outcome);
    status = 1;
    if (actions || isAsItIs) return status;
    if (goesOn) continue;
    console.log("\nshrinking …");
    const kept = await shrink(whole, outcome, trialOf(seed, outcome));
    console.log(
      `\nthe same by: deno task simulate --seed ${seed} --hours ${hours} --actions ${kept.join(",")}\n`,
    );
    for (const index of kept) console.log(JSON.stringify(whole[index]));
    return status;
  }
  return status;
}

/** @throws {UsageError} when there is no action at a place. */
function chosen<T>(whole: readonly T[], places: readonly number[]): T[] {
  return places.map((place) => {
    if (place < whole.length) return whole[place]!;
    throw new UsageError(`there is no action ${place}: the history has ${whole.length}, from 0 on`);
  });
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

/** Has one system call after another be refused. Gives the exit status. */
async function simulateRefusals(): Promise<number> {
  const { problems, count } = await refuseCalls(1);
  console.log([...problems, `${count} system calls were refused, one in each history`].join("\n"));
  return problems.length > 0 ? 1 : 0;
}

const TASK: Tool = {
  name: "simulate",
  summary: "Simulate the whole init on a simulated kernel, in virtual time: one seed, one history.",
  help:
    "Without a seed, it goes on with one after another for ever. A history that breaks a rule is shrunk, and told with " +
    "the command that repeats it. Nothing is needed, not even the executable.\n\n" +
    "Exit status: 0, 1 when a rule is broken, 2 for wrong arguments.",
  options: [
    { long: "seed", argument: "NUMBER", help: "the first seed, and the only one unless --seeds is given" },
    { long: "seeds", argument: "NUMBER", help: "so many seeds" },
    { long: "hours", argument: "NUMBER", help: `virtual time of each history; ${HOURS} by default` },
    {
      long: "actions",
      argument: "NUMBER[,NUMBER]...",
      help: "these actions of the history alone, as a failure tells them",
    },
    { long: "verbose", help: "print init's messages, and all that happens" },
    { long: "keep-going", help: "go on with the next seed when a rule is broken" },
    { long: "as-it-is", help: "do not shrink a history that breaks a rule" },
    { long: "refusals", help: "refuse one system call after another instead, each in a history of its own" },
  ],
  async run(parsed) {
    demandNoArguments(parsed);
    const { options } = parsed, first = numberOf(parsed, "seed", "index");
    const order: Order = {
      start: first ?? Date.now() % 1_000_000_000,
      count: numberOf(parsed, "seeds", "count") ?? (first === undefined ? Infinity : 1),
      hours: numberOf(parsed, "hours", "amount") ?? HOURS,
      actions: valueOf(parsed, "actions")?.split(",").map((word) => numberIn(word, "--actions", "index")),
      isVerbose: options.has("verbose"),
      goesOn: options.has("keep-going"),
      isAsItIs: options.has("as-it-is"),
    };
    return options.has("refusals") ? await simulateRefusals() : await simulate(order);
  },
};

if (import.meta.main) await runTask(TASK);
