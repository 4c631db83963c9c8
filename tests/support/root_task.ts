/** The tasks that boot a root directory: a course, or boots of several inits by turns, whose times are compared. */

import { spawnSync } from "node:child_process";
import { realpathSync } from "node:fs";
import process from "node:process";
import { numberOf, runTask } from "../../build/task.ts";
import { valueOf } from "../../lib/model/command_line/options.ts";
import { onlyArgument, type Tool } from "../../lib/model/command_line/tool.ts";
import { UsageError } from "../../lib/model/command_line/usage_error.ts";
import { IN_A_NETWORK } from "./root_machine.ts";

/** A task. */
export interface RootTask {
  name: string;
  /** What the root is, such as `Debian`. */
  what: string;
  /** Who may be process 1; the first is by default. */
  inits: readonly string[];
  /** The path of a module: see {@link followCourse}. */
  course: string;
}

/** What a course can do. */
type Work = "course" | "time";

/** Milliseconds by what they are for. */
export type Times = Record<string, number>;

/** Does what the command line says, and ends this process. */
export function runRootTask(task: RootTask): Promise<never> {
  const { name, what, inits } = task;
  const tool: Tool = {
    name,
    arguments: "DIR",
    summary: `Boot the ${what} root DIR as process 1 of namespaces, and look whether all is well.`,
    help: "Nothing in DIR is changed. Only root can do this, with util-linux.\n\n" +
      "Exit status: 0, 1 when something is not well, 2 for wrong arguments.",
    options: [
      { long: "init", argument: "NAME", help: `process 1: ${inits.join(", ")}` },
      { long: "times", argument: "NUMBER", help: "measure boots of each init instead, so often, by turns" },
    ],
    run(parsed) {
      const root = realpathSync(onlyArgument(parsed, "directory"));
      const rounds = numberOf(parsed, "times", "count"), init = valueOf(parsed, "init") ?? inits[0]!;
      if (!inits.includes(init)) throw new UsageError(`unknown init: ${init}`);
      if (rounds !== undefined) return measure(task, root, rounds);
      return child(task, "course", root, init).status ?? 1;
    },
  };
  return runTask(tool);
}

/** Does a work of a course where a machine's network is. */
function child({ course }: RootTask, work: Work, root: string, init: string) {
  const [program, ...words] = IN_A_NETWORK;
  const deno = [Deno.execPath(), "run", "-q", "-A", "--no-check", course];
  return spawnSync(program!, [...words, ...deno, work, root, init], {
    encoding: "utf8",
    stdio: ["ignore", work === "time" ? "pipe" : "inherit", "inherit"],
  });
}

/** Boots the inits by turns, and prints the medians of their times. */
function measure(task: RootTask, root: string, rounds: number): number {
  const { inits } = task;
  const times = new Map<string, Times[]>(inits.map((init) => [init, []]));
  for (let round = 0; round < rounds; round++) {
    for (const init of inits) {
      const { status, stdout } = child(task, "time", root, init);
      if (status !== 0) return 1;
      const boot = JSON.parse(stdout) as Times;
      times.get(init)!.push(boot);
      console.error(`${round + 1}/${rounds} ${init}: ${inWords(boot)}`);
    }
  }
  const rows = Object.keys(times.get(inits[0]!)![0] ?? {});
  console.log(`| until | ${inits.join(" | ")} |\n| --- |${" ---: |".repeat(inits.length)}`);
  for (const row of rows) {
    const cells = inits.map((init) => Math.round(median(times.get(init)!.map((boot) => boot[row]!))));
    console.log(`| ${row} | ${cells.join(" | ")} |`);
  }
  return 0;
}

function median(values: number[]): number {
  return values.sort((one, other) => one - other)[values.length >> 1]!;
}

/** Milliseconds by name, in the order of time. */
export function inWords(times: Times): string {
  const ordered = Object.entries(times).sort(([, one], [, other]) => one - other);
  return ordered.map(([name, time]) => `${name} ${Math.round(time)} ms`).join(", ");
}

/** What a course does, by the first word of its command line; root and init are the others. */
export interface Course {
  /** Takes machines through all steps and prints how each went. Gives the number of those that failed. */
  course(root: string, init: string): Promise<number>;
  /** Boots a machine; gives its times. */
  time(root: string, init: string): Promise<Times>;
}

/** Does what a task asks of its course, and ends this process. */
export async function followCourse({ course, time }: Course): Promise<never> {
  const [work, root, init] = process.argv.slice(2) as [Work, string, string];
  if (work === "course") process.exit(await course(root, init) > 0 ? 1 : 0);
  console.log(JSON.stringify(await time(root, init)));
  process.exit();
}

/** A step of a machine's life: gives what it has to tell. */
export type Step<Machine> = (machine: Machine) => Promise<string | void>;

/**
 * Takes a machine through steps, and prints how each went and how long it took. Gives the number of those that failed.
 * @param options isChain: the others are not taken once one has failed
 */
export async function takeSteps<Machine extends { console(): string }>(
  machine: Machine,
  steps: Iterable<readonly [string, Step<Machine>]>,
  { isChain = false }: { isChain?: boolean } = {},
): Promise<number> {
  let failed = 0;
  for (const [name, step] of steps) {
    if (isChain && failed > 0) break;
    const begin = performance.now();
    const time = () => `${((performance.now() - begin) / 1000).toFixed(1)} s`.padStart(8);
    try {
      const result = await step(machine);
      console.log(`ok     ${time()}  ${name}${result ? `: ${result}` : ""}`);
    } catch (error) {
      failed++;
      console.log(`FAILED ${time()}  ${name}: ${(error as Error).message}`);
    }
  }
  if (failed > 0) console.log(`The console:\n${machine.console()}`);
  return failed;
}
