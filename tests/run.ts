/**
 * Runs all tests, or those in the files and folders that are named, each file in a process of its own: what a test does
 * to its process (descriptors, limits, threads, signals, memory) harms no other file, and a process that dies is told by
 * its file and test. What was skipped and what failed is told once more at the end.
 *
 *     deno run -A tests/run.ts [PATH]...
 */

import { spawn } from "node:child_process";
import { closeSync, globSync, openSync, readFileSync, statSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join, relative, resolve } from "node:path";
import process from "node:process";
import { TemporaryDirectory } from "../lib/sys/testing/directory.ts";

const ROOT = resolve(import.meta.dirname!, "..");

/** Those that take long come first, so that no processor is idle in the end. */
const FOLDERS = ["tests", "lib", "compat"];

/** Tests wait for processes most of the time. But each takes 100 MB of memory and more. */
const AT_A_TIME = Math.min(2 * availableParallelism(), 16);

/** After this time a file is given up, in ms: it waits for what does not come. */
const LONGEST = 1_200_000;

/** So much of the output is told of a process that died, in lines. */
const LAST_LINES = 30;

/** The last line of `deno test`. */
const SUMMARY = /^(?:ok|FAILED) \| (\d+) passed(?: \((\d+) steps?\))? \| (\d+) failed/gm;

/** What became of a file's tests. */
interface Outcome {
  file: string;
  passed: number;
  steps: number;
  failed: number;
  /** The names of the tests that were skipped. */
  ignored: string[];
  /** What is told at the end when something failed. */
  failure?: string;
}

function filesOf(path: string): string[] {
  return statSync(path).isFile() ? [path] : globSync(join(path, "**/*_test.ts")).sort();
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
  const end = await new Promise<string>((tell, fail) => {
    child.on("error", fail);
    child.on("exit", (status, signal) => tell(signal ? `killed by ${signal}` : `exit status ${status}`));
  });
  const text = readFileSync(outputPath, "utf8");
  console.log(text.trim());
  return { file: relative(ROOT, path), ...outcomeOf(text, end) };
}

/** What the output of `deno test` and the end of its process say. */
function outcomeOf(text: string, end: string): Omit<Outcome, "file"> {
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

/** The test that had begun and not ended: its name is written before it begins, and behind that what became of it. */
function during(text: string): string {
  // Of a test that takes long Deno says so in between.
  const lines = text.replaceAll(/'.*' has been running for over \(.*?\)\n/g, "");
  const begun = Array.from(lines.matchAll(/^(\S.*?) \.\.\.(?: (ok|FAILED|ignored)\b.*)? *$/gm));
  const [, name, result] = begun.at(-1) ?? [];
  return name === undefined || result !== undefined ? "" : ` in the test "${name}"`;
}

async function main(paths: string[]): Promise<number> {
  const begin = Date.now();
  const files = (paths.length > 0 ? paths : FOLDERS).flatMap((path) => filesOf(resolve(ROOT, path)));
  const outcomes: Outcome[] = [];
  using temporary = new TemporaryDirectory();
  const waiting = files.entries();
  const worker = async () => {
    for (const [index, file] of waiting) outcomes.push(await run(file, temporary.at(String(index))));
  };
  await Promise.all(Array.from({ length: AT_A_TIME }, worker));

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

process.exitCode = await main(Deno.args);
