/** Running the tools of the executable, and compilers on what they make. */

import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseEvaluatorLine } from "../../lib/author/protocol.ts";
import type { JobDefinition } from "../../lib/model/job.ts";
import { environmentWith, type Files, reporting } from "./author.ts";
import { type Outcome, run } from "./command.ts";
import { EXECUTABLE } from "./programs.ts";

const ROOT = resolve(import.meta.dirname!, "../..");

/** The TypeScript compiler. */
export const TSC = join(ROOT, "node_modules/typescript/lib/tsc.js");

/** Runs the executable in the directory of the files. */
export function rouse(files: Files, ...words: string[]): Promise<Outcome> {
  return run([EXECUTABLE, ...words], { directory: files.directory, environment: environmentWith() });
}

function tsc(): string[] {
  return [Deno.execPath(), "run", "-A", TSC, "--pretty", "false"];
}

/** Commands that run a compiler. Each works on what `rouse types` has written to the directory. */
export const COMPILERS: Record<string, (modules: string[]) => string[]> = {
  tsc,
  deno: (
    modules,
  ) => [Deno.execPath(), "check", "-q", "--no-lock", "--config", ".rouse/deno.json", ...modules],
};

/** Compiles what is in a directory, and all below it, by tsc. */
export function compileAll(directory: string): Promise<Outcome> {
  return run(tsc(), { directory, environment: environmentWith({ NO_COLOR: "1" }), timeout: 180_000 });
}

/** The jobs of modules, by their names, as they are evaluated. */
export async function evaluated(files: Files, directory: string): Promise<Map<string, JobDefinition>> {
  const modules = readdirSync(files.path(directory), { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".ts") && !path.endsWith(".d.ts")).map((path) => join(directory, path));
  const words = [EXECUTABLE, "evaluate", "--directory", files.path(directory), ...modules];
  const { stdout } = await run(reporting(words), {
    directory: files.directory,
    environment: environmentWith(),
  });
  const reports = stdout.split("\n").map(parseEvaluatorLine).filter((line) => line && "module" in line);
  const jobs = reports.flatMap((report) => {
    assert(report && "jobs" in report, JSON.stringify(report));
    return report.jobs;
  });
  return new Map(jobs.map((job) => [job.name, job]));
}
