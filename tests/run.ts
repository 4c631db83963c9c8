/**
 * Runs all tests, or those in the files and folders that are named, each file in a process of its own: what a test does
 * to its process (descriptors, limits, threads, signals, memory) harms no other file, and a process that dies is told by
 * its file and test. The slowest files, what was skipped and what failed are told at the end. `deno task test --help` tells
 * how.
 */

import { spawn } from "node:child_process";
import { closeSync, globSync, openSync, readFileSync, statSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join, relative, resolve } from "node:path";
import process from "node:process";
import { runTask } from "../build/task.ts";
import type { Tool } from "../lib/model/command_line/tool.ts";
import { UsageError } from "../lib/model/command_line/usage_error.ts";
import { TemporaryDirectory } from "../lib/sys/testing/directory.ts";
import { pause } from "./support/deadline.ts";

const ROOT = resolve(import.meta.dirname!, "..");

const FOLDERS = ["tests", "lib", "compat"];

/** Those that take longest, as the table in the end tells, come first, so that no processor is idle in the end. */
export const LONGEST_FILES: readonly string[] = [
  "tests/simulate/refusals_test.ts",
  "tests/simulate/simulate_test.ts",
  "tests/security/supply_test.ts",
  "tests/conformance/conformance_test.ts",
  "tests/types_test.ts",
  "tests/build_test.ts",
  "tests/restart/crash_test.ts",
  "tests/attacks/attacks_test.ts",
  "tests/process_limit_test.ts",
  "tests/http_test.ts",
  "tests/unprivileged_test.ts",
  "tests/restart/restart_test.ts",
  "tests/restart/hostile_test.ts",
  "tests/sysv/services_test.ts",
  "tests/conformance/deno_test.ts",
  "tests/runtime_flags_test.ts",
  "tests/failures_test.ts",
  "tests/sysv/shutdown_test.ts",
  "tests/fuzz/fuzz_test.ts",
  "tests/restart/killed_test.ts",
  "tests/chaos/chaos_test.ts",
  "tests/deno_tasks_test.ts",
];

/** So many files run at once in any case. Each takes 100 MB of memory and more. */
const AT_LEAST = Math.min(2 * availableParallelism(), 16);

/** So many do while processors are idle: tests wait for processes and timers most of the time. */
const AT_MOST = Math.min(4 * availableParallelism(), 16);

/** This share of all processors' time has to be idle for another file to be begun. */
const IDLE = 0.2;

/** How often is looked whether there is room for another file, in ms. */
const LOOK = 500;

/** So many files are in the table of the slowest. */
const SLOWEST = 15;

/** After this time a file is given up, in ms: it waits for what does not come. */
const LONGEST = 1_200_000;

/** So much of the output is told of a process that died, in lines. */
const LAST_LINES = 30;

/** The unit of the kernel's times of processors, in ms: 100 a second on all that Linux runs on, as user space sees it. */
const TICK = 10;

/** The last line of `deno test`. */
const SUMMARY = /^(?:ok|FAILED) \| (\d+) passed(?: \((\d+) steps?\))? \| (\d+) failed/gm;

/** What became of a file's tests. */
interface Outcome {
  file: string;
  passed: number;
  steps: number;
  failed: number;
  /** How long its process ran, in ms. */
  time: number;
  /** What its process, and those that were waited for, took of the processors, in ms. */
  used: number;
  /** The names of the tests that were skipped. */
  ignored: string[];
  /** What is told at the end when something failed. */
  failure?: string;
}

/**
 * The files of tests that a word of the command line means.
 * @throws {UsageError} when it is a file of something else, which might do anything when it is run.
 */
function filesOf(path: string): string[] {
  if (statSync(path).isDirectory()) return globSync(join(path, "**/*_test.ts")).sort();
  if (path.endsWith("_test.ts")) return [path];
  throw new UsageError(`no file of tests: ${path}`);
}

/** The files, the longest in front of the others. */
function longestFirst(files: readonly string[]): string[] {
  const longest = LONGEST_FILES.map((file) => join(ROOT, file)).filter((file) => files.includes(file));
  return [...new Set([...longest, ...files])];
}

/** Runs a file's tests to their end. Their output goes to a file: a pipe might be held open by what they left behind. */
async function run(path: string, outputPath: string): Promise<Outcome> {
  const output = openSync(outputPath, "w");
  const child = spawn(Deno.execPath(), ["test", "-A", "--no-check", path], {
    env: { ...process.env, NO_COLOR: "1" },
    cwd: ROOT,
    stdio: ["ignore", output, output],
    timeout: LONGEST,
    killSignal: "SIGKILL",
  });
  closeSync(output);
  const begin = performance.now();
  const end = await new Promise<string>((tell, fail) => {
    child.on("error", fail);
    child.on("exit", (status, signal) => tell(signal ? `killed by ${signal}` : `exit status ${status}`));
  });
  const text = readFileSync(outputPath, "utf8");
  console.log(text.trim());
  const costs = { time: performance.now() - begin, used: usedSinceLast() };
  return { file: relative(ROOT, path), ...costs, ...outcomeOf(text, end) };
}

/** What children had taken of the processors when it was asked for last, in ms. */
let usedBefore = 0;

/** What the children that have ended since the last call took, in ms: one, unless another ended at the same moment. */
function usedSinceLast(): number {
  // Behind the name, which may have blanks: of the children that were waited for, the times as user and as system.
  const fields = readFileSync("/proc/self/stat", "utf8").replace(/^.*\) /, "").split(" ");
  const used = (Number(fields[13]) + Number(fields[14])) * TICK;
  const since = used - usedBefore;
  usedBefore = used;
  return since;
}

/** Tells how much of all processors' time was idle since it was asked last. */
class IdleShare {
  #before = this.#read();

  /** The share; 0 where the kernel has counted nothing meanwhile. */
  sinceLast(): number {
    const now = this.#read(), before = this.#before;
    this.#before = now;
    return now.all > before.all ? (now.idle - before.idle) / (now.all - before.all) : 0;
  }

  #read(): { idle: number; all: number } {
    const times = readFileSync("/proc/stat", "utf8").split("\n", 1)[0]!.trim().split(/\s+/).slice(1).map(
      Number,
    );
    // While a disk is waited for, the processors are idle, too. The last two are parts of the first two (proc(5)).
    return { idle: times[3]! + times[4]!, all: times.slice(0, 8).reduce((sum, time) => sum + time, 0) };
  }
}

/** Does work on all items, in their order; on how many at once depends on how busy the processors are. */
async function doAll<T>(items: readonly T[], work: (item: T, index: number) => Promise<void>): Promise<void> {
  const idle = new IdleShare(), running = new Set<Promise<void>>();
  for (const [index, item] of items.entries()) {
    while (running.size >= AT_LEAST) {
      const ended = await Promise.race([...running, pause(LOOK).then(() => "none" as const)]) !== "none";
      if (!ended && running.size < AT_MOST && idle.sinceLast() > IDLE) break;
    }
    const one = work(item, index).finally(() => running.delete(one));
    running.add(one);
  }
  await Promise.all(running);
}

/** What the output of `deno test` and the end of its process say. */
function outcomeOf(text: string, end: string): Omit<Outcome, "file" | "time" | "used"> {
  const ignored = Array.from(text.matchAll(/^(\S.*) \.\.\. ignored/gm), ([, name]) => name!);
  // The last one: tests may run tests, and print what comes of that.
  const summary = [...text.matchAll(SUMMARY)].at(-1);
  if (!summary) {
    const passed = text.match(/^\S.* \.\.\. ok /gm)?.length ?? 0;
    const last = text.trimEnd().split("\n").slice(-LAST_LINES).join("\n");
    return { passed, steps: 0, failed: 1, ignored, failure: `${end}${during(text)}, after:\n${last}` };
  }
  const [passed = 0, steps = 0, failed = 0] = summary.slice(1).map((number) => Number(number ?? 0));
  if (end === "exit status 0") return { passed, steps, failed, ignored };
  const [, errors = text] = /\n ERRORS \n([^]*)\n FAILURES \n/.exec(text) ?? [];
  return { passed, steps, failed: Math.max(failed, 1), ignored, failure: `${end}\n${errors.trim()}` };
}

/** The files whose processes ran longest, a line each: for how long, and what they took of the processors. */
function tableOf(outcomes: readonly Outcome[]): string {
  const slowest = outcomes.toSorted((one, other) => other.time - one.time).slice(0, SLOWEST);
  const seconds = (time: number) => `${(time / 1000).toFixed(1)} s`.padStart(9);
  return slowest.map(({ file, time, used }) => `${seconds(time)}, processors ${seconds(used)}  ${file}`).join(
    "\n",
  );
}

/** The test that had begun and not ended: its name is written before it begins, and behind that what became of it. */
function during(text: string): string {
  // Of a test that takes long Deno says so in between.
  const lines = text.replaceAll(/'.*' has been running for over \(.*?\)\n/g, "");
  const begun = Array.from(lines.matchAll(/^(\S.*?) \.\.\.(?: (ok|FAILED|ignored)\b.*)? *$/gm));
  const [, name, result] = begun.at(-1) ?? [];
  return name === undefined || result !== undefined ? "" : ` in the test "${name}"`;
}

async function runAll(paths: readonly string[]): Promise<number> {
  const begin = Date.now();
  const files = longestFirst(
    (paths.length > 0 ? paths : FOLDERS).flatMap((path) => filesOf(resolve(ROOT, path))),
  );
  const outcomes: Outcome[] = [];
  using temporary = new TemporaryDirectory();
  await doAll(files, async (file, index) => {
    outcomes.push(await run(file, temporary.at(String(index))));
  });

  console.log(`\nSlowest:\n${tableOf(outcomes)}`);
  const skipped = outcomes.flatMap(({ file, ignored }) => ignored.map((name) => `  ${file}: ${name}`));
  if (skipped.length > 0) console.log(["\nSkipped:", ...skipped].join("\n"));
  const failures = outcomes.flatMap(({ file, failure }) =>
    failure === undefined ? [] : `${file}: ${failure}`
  );
  if (failures.length > 0) console.log(["\nFailed:", ...failures].join("\n\n"));
  const [passed = 0, steps = 0, failed = 0] = (["passed", "steps", "failed"] as const)
    .map((count) => outcomes.reduce((sum, outcome) => sum + outcome[count], 0));
  const counts = `${passed} passed (${steps} steps), ${failed} failed, ${skipped.length} ignored`;
  console.log(`\nIn all: ${counts} in ${Math.round((Date.now() - begin) / 1000)} s`);
  return failed > 0 ? 1 : 0;
}

const TASK: Tool = {
  name: "test",
  arguments: "[PATH]...",
  summary: "Run all tests, or those in files and folders.",
  help: "What a test needs that is not here, such as root, has it skipped, which is told at the end.\n\n" +
    "Exit status: 0, 1 when a test has failed, 2 for wrong arguments.",
  options: [],
  run: ({ args }) => runAll(args),
};

if (import.meta.main) await runTask(TASK);
