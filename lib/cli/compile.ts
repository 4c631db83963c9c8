/** Compiling the product's parts and jobs into an executable. */

import { spawnSync } from "node:child_process";
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { isJobModule, jobName, parseEvaluatorLine } from "../author/protocol.ts";
import { type Parts, PARTS_FILE } from "./parts.ts";

/** A job module to compile in, by its name. */
export type JobModules = Record<string, string>;

/** How long evaluating the modules and compiling may take, each, in milliseconds. */
const PATIENCE = 120_000;

/**
 * The modules below a directory that define jobs, by the name that `compiled-in:` is followed by.
 * @param evaluate The command that runs the program `evaluate`.
 * @throws {Error} when the directory cannot be read or a module cannot be evaluated, for all of them.
 */
export function findJobs(directory: string, evaluate: readonly string[]): JobModules {
  const root = realpathSync(directory);
  const modules = readdirSync(root, { recursive: true, encoding: "utf8" }).filter(isJobModule).sort()
    .map((file) => join(root, file));
  if (modules.length === 0) throw new Error(`${directory} holds no job modules (*.ts)`);
  const reports = run([...evaluate, "--directory", root, "--", ...modules], "/", process.env)
    .split("\n").map(parseEvaluatorLine);
  const faults: string[] = [];
  const found: JobModules = {};
  for (const report of reports) {
    if (!report || "evaluating" in report) continue;
    if ("error" in report) {
      const { file, line, reason } = report.error;
      faults.push(line === undefined ? `${file}: ${reason}` : `${file}:${line}: ${reason}`);
    } else if (report.jobs.length > 0) found[jobName(report.module, [root])] = report.module;
  }
  if (faults.length > 0) throw new Error(faults.join("\n"));
  return found;
}

/** What an executable is compiled from, and where to. */
export interface Compilation {
  /** A Bun: its own program, or an executable made with it. */
  bun: string;
  parts: Parts;
  /** Jobs to compile in; absolute paths. */
  jobs: JobModules;
  /** The directory that paths in stack traces of compiled-in jobs are relative to. */
  base: string;
  /** The executable to write; replaced in one step. */
  output: string;
}

/**
 * Writes an executable.
 * @throws {Error} with what the bundler said, when it cannot.
 */
export function compile({ bun, parts, jobs, base, output }: Compilation): void {
  const directory = mkdtempSync(join(tmpdir(), "rouse-"));
  // Beside the executable, so that it can be renamed; the bundler leaves its source maps there.
  const finished = `${output}.new-${process.pid}`;
  // The bundle's own frames in stacks are told from users' by this directory's name (lib/author/place.ts).
  const program = join(directory, "$rouse");
  try {
    mkdirSync(program);
    for (const [name, text] of Object.entries(parts.program)) writeFileSync(join(program, name), text);
    writeFileSync(join(program, PARTS_FILE), JSON.stringify(parts));
    writeFileSync(join(program, "jobs.js"), jobTable(jobs));
    writeFileSync(
      join(program, "tsconfig.json"),
      `{"compilerOptions":{"paths":{"rouse:jobs":["./jobs.js"]}}}`,
    );
    mkdirSync(finished, { recursive: true });
    run(
      [
        bun,
        "build",
        "--compile",
        "--bytecode",
        "--minify",
        // A chunk for each program: only that of the one that runs is loaded.
        "--format=esm",
        "--splitting",
        "--sourcemap=linked",
        "--no-compile-autoload-dotenv",
        "--no-compile-autoload-bunfig",
        // Compiled-in jobs get the authoring module as those on disk do.
        "--external=rouse",
        "--asset-naming=[name].[ext]",
        "--config=/dev/null",
        join(program, "main.js"),
        join(program, PARTS_FILE),
        "--outfile",
        join(finished, "rouse"),
      ],
      base,
      { BUN_BE_BUN: "1" },
    );
    renameSync(join(finished, "rouse"), output);
  } finally {
    rmSync(finished, { recursive: true, force: true });
    rmSync(directory, { recursive: true, force: true });
  }
}

/** The text of the module that stands for jobs/mod.ts. */
function jobTable(jobs: JobModules): string {
  const entries = Object.entries(jobs).map(([name, path]) =>
    `  ${JSON.stringify(name)}: () => import(${JSON.stringify(path)}),\n`
  );
  return `export const COMPILED_IN_JOBS = {\n${entries.join("")}};\n`;
}

/** Runs a command; gives what it wrote, and throws what it complained of. */
export function run(words: readonly string[], cwd: string, env: Record<string, string | undefined>): string {
  const [command, ...rest] = words;
  const { error, status, signal, stdout, stderr } = spawnSync(command!, rest, {
    cwd,
    env,
    encoding: "utf8",
    timeout: PATIENCE,
    maxBuffer: Infinity,
  });
  if (error) throw error;
  if (status !== 0) throw new Error(stderr.trim() || `exit ${signal ?? status}`);
  return stdout;
}
