/**
 * Feeds readers of bytes from outside with inputs that are made to break them: `deno task fuzz --help` tells how. Each target has a process of its own, several run at once, and each runs for so many minutes. A fault is told with a short
 * input, which becomes a test when it is put into the target's corpus.
 */

import { Buffer } from "node:buffer";
import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join, relative, resolve } from "node:path";
import { createInterface } from "node:readline";
import { numberOf, runTask } from "../../build/task.ts";
import type { Tool } from "../../lib/model/command_line/tool.ts";
import { UsageError } from "../../lib/model/command_line/usage_error.ts";
import { processStatus } from "../../lib/sys/process/procfs.ts";
import { corpusFolder } from "./inputs.ts";
import { EXECUTABLE, type Report } from "./worker.ts";
import type { Target } from "./target.ts";
import { TARGETS } from "./targets.ts";

const ROOT = resolve(import.meta.dirname!, "../..");

/** Where inputs are put by which something fails. */
const FOUND = join(ROOT, "dist/fuzz");

/** A process that takes so much of a processor and says nothing reads an input without an end, in s. */
const PATIENCE = 30;

/** How often is looked what it has taken, in ms. */
const LOOK_EVERY = 2000;

/** What is fuzzed, and what is told of it. */
type Named = Pick<Target, "name" | "from">;

/** All targets. The executable needs more time for an input, and has no corpus of its own. */
const ALL: readonly Named[] = [
  ...TARGETS,
  { name: EXECUTABLE, from: "the executable: its sockets, its files, and what initctl is answered" },
];

/** How a target's fuzzing has ended. */
interface Outcome {
  target: Named;
  report: Report | undefined;
  /** Why it has ended early. */
  end?: string;
}

/** @throws {UsageError} when there is no target of a name. */
function chosenTargets(names: readonly string[]): Named[] {
  const unknown = names.find((name) => !ALL.some((target) => target.name === name));
  if (unknown !== undefined) throw new UsageError(`unknown target: ${unknown}; --list shows all`);
  return ALL.filter(({ name }) => names.length === 0 || names.includes(name));
}

/** Fuzzes a target in a process of its own, which is ended when an input never ends. */
async function run(target: Named, seed: number, minutes: number): Promise<Outcome> {
  const folder = mkdtempSync(join(tmpdir(), "rouse-fuzz-")), current = join(folder, "input");
  writeFileSync(current, "");
  const worker = join(import.meta.dirname!, "worker.ts");
  const child = spawn(
    Deno.execPath(),
    [
      "run",
      "-A",
      "--no-check",
      "--v8-flags=--max-old-space-size=1024",
      worker,
      target.name,
      `${seed}`,
      `${minutes}`,
      current,
    ],
    { stdio: ["ignore", "pipe", "inherit"] },
  );
  let report: Report | undefined, isStuck = false, used = 0;
  const usedNow = () => processStatus(child.pid!)?.cpuTime ?? 0;
  const timer = setInterval(() => {
    isStuck ||= usedNow() - used > PATIENCE;
    if (isStuck) child.kill("SIGKILL");
  }, LOOK_EVERY);
  const ended = endOf(child);
  for await (const line of createInterface({ input: child.stdout! })) {
    used = usedNow();
    report = JSON.parse(line);
  }
  const end = await ended;
  clearInterval(timer);
  const input = readFileSync(current);
  rmSync(folder, { recursive: true });
  if (end === "0") return { target, report };
  const error = isStuck ? "never ends" : `the process has ended: ${end}`;
  report ??= { runs: 0, covered: 0, known: 0, kept: 0, faults: [] };
  report.faults.push({ kind: error, error, input: input.toString("base64") });
  return { target, report, end: error };
}

function endOf(child: ChildProcess): Promise<string> {
  return new Promise((tell) => child.on("close", (status, signal) => tell(String(signal ?? status))));
}

/** Prints what came of a target, with its faults and how to keep them. */
function tell({ target, report }: Outcome): void {
  const { runs, covered, known, kept, faults } = report!;
  const share = known > 0 ? ` (${Math.round(100 * covered / known)} %)` : "";
  console.log(
    `${target.name.padEnd(24)} ${String(runs).padStart(10)} runs  ${covered} of ${known} blocks${share}, ` +
      `${kept} inputs kept, ${faults.length} faults`,
  );
  for (const [index, { error, input }] of faults.entries()) {
    const bytes = Buffer.from(input, "base64"), file = join(FOUND, target.name, String(index + 1));
    mkdirSync(join(FOUND, target.name), { recursive: true });
    writeFileSync(file, bytes);
    console.log(`  ${error.split("\n").slice(0, 6).join("\n    ")}`);
    console.log(
      `  by ${JSON.stringify(bytes.subarray(0, 200).toString("latin1"))}, ${bytes.length} bytes; to keep it:`,
    );
    console.log(`    cp ${relative(ROOT, file)} ${relative(ROOT, corpusFolder(target))}/NAME`);
  }
}

/** Fuzzes targets, as many at a time as there are processors. Gives the number of faults. */
async function fuzz(targets: readonly Named[], seed: number, minutes: number): Promise<number> {
  console.log(`${targets.length} targets, ${minutes} minutes each, seed ${seed}`);
  const waiting = [...targets], outcomes: Outcome[] = [];
  const lane = async () => {
    for (let target; (target = waiting.shift());) {
      const outcome = await run(target, seed, minutes);
      outcomes.push(outcome);
      tell(outcome);
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, lane));
  const runs = outcomes.reduce((sum, { report }) => sum + report!.runs, 0);
  const faults = outcomes.reduce((sum, { report }) => sum + report!.faults.length, 0);
  console.log(`${runs} runs, ${faults} faults`);
  return faults;
}

const TASK: Tool = {
  name: "fuzz",
  arguments: "[TARGET]...",
  summary: "Feed readers of bytes from outside with inputs that are made to break them.",
  help:
    "All targets are fuzzed by default, as many at a time as there are processors. A fault is told with a short input, " +
    "and how it becomes a test. Nothing else is needed.\n\n" +
    "Exit status: 0, 1 when there are faults, 2 for wrong arguments.",
  options: [
    { long: "seed", argument: "NUMBER", help: "the seed; another each time by default" },
    { long: "minutes", argument: "NUMBER", help: "for so long each target; 1 by default" },
    { long: "list", help: "list the targets, and fuzz none" },
  ],
  async run(parsed) {
    const targets = chosenTargets(parsed.args);
    const seed = numberOf(parsed, "seed", "index") ?? Date.now() % 1e9;
    const minutes = numberOf(parsed, "minutes", "amount") ?? 1;
    if (!parsed.options.has("list")) return await fuzz(targets, seed, minutes) > 0 ? 1 : 0;
    for (const { name, from } of targets) console.log(`${name.padEnd(24)} ${from}`);
    return 0;
  },
};

if (import.meta.main) await runTask(TASK);
