/** Compiling the product's parts and jobs into an executable. */

import { spawnSync } from "node:child_process";
import {
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { parseConf } from "../../compat/upstart/mod.ts";
import { formatModule } from "../../compat/upstart/typescript/mod.ts";
import { isJobModule, jobName, type ModuleReport, parseEvaluatorLine } from "../author/protocol.ts";
import { type Parts, PARTS_FILE } from "./parts.ts";

/** Modules to compile in, by their names: a path, or the text of a module that imports nothing but `rouse`. */
export type JobModules = Record<string, { path: string } | { text: string }>;

/** How long evaluating the modules and compiling may take, each, in milliseconds. */
const PATIENCE = 60_000;

/**
 * What a directory holds to compile in, by the name that `compiled-in:` is followed by: modules that define
 * jobs, and classic files, turned into modules. A module goes before a classic file of its name.
 * @param evaluate The command that runs the program `evaluate`.
 * @throws {Error} when the directory cannot be read, or with what is wrong with its files, for all of them.
 */
export function findJobs(directory: string, evaluate: readonly string[]): JobModules {
  const root = realpathSync(directory);
  const files = readdirSync(root, { recursive: true, encoding: "utf8" }).sort();
  const faults: string[] = [];
  const found: JobModules = {};
  const modules = files.filter(isJobModule).map((file) => join(root, file));
  for (const report of modules.length > 0 ? evaluateAll(root, modules, evaluate) : []) {
    if ("error" in report) {
      const { file, line, reason } = report.error;
      faults.push(line === undefined ? `${file}: ${reason}` : `${file}:${line}: ${reason}`);
    } else if (report.jobs.length > 0) found[jobName(report.module, [root])] = { path: report.module };
  }
  for (const file of files.filter((file) => /\.(conf|override)$/.test(file))) {
    const path = join(root, file), name = file.replace(/\.\w+$/, "");
    if (file.endsWith(".override")) {
      faults.push(`${path}: an override is not compiled in; change the job itself`);
    } else if (!found[name]) found[name] = { text: convert(path, name, faults) };
  }
  if (faults.length > 0) throw new Error(faults.join("\n"));
  if (Object.keys(found).length === 0) throw new Error(`${directory} holds no jobs`);
  return found;
}

function evaluateAll(root: string, modules: string[], evaluate: readonly string[]): ModuleReport[] {
  const output = run([...evaluate, "--directory", root, "--", ...modules], "/", process.env);
  return output.split("\n").map(parseEvaluatorLine).filter((line) => line !== undefined && "module" in line);
}

function convert(path: string, name: string, faults: string[]): string {
  try {
    return formatModule(parseConf(readFileSync(path, "latin1"), path, name)).text;
  } catch (error) {
    faults.push((error as Error).message);
    return "";
  }
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
  // Beside the executable, so that that can be renamed; the bundler leaves its source maps there.
  const directory = `${output}.new-${process.pid}`;
  // The bundle's own frames in stacks are told from users' by this directory's name (lib/author/place.ts).
  const program = join(directory, "$rouse");
  try {
    mkdirSync(program, { recursive: true });
    for (const [name, text] of Object.entries(parts.program)) writeFileSync(join(program, name), text);
    writeFileSync(join(program, PARTS_FILE), JSON.stringify(parts));
    writeFileSync(join(program, "jobs.js"), jobTable(jobs, program));
    writeFileSync(
      join(program, "tsconfig.json"),
      `{"compilerOptions":{"paths":{"rouse:jobs":["./jobs.js"]}}}`,
    );
    run(
      [
        bun,
        "build",
        "--compile",
        "--bytecode",
        "--minify",
        // Programs that run for long end that: lib/sys/runtime.ts.
        "--compile-jit-policy=100",
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
        join(directory, "rouse"),
      ],
      base,
      { BUN_BE_BUN: "1" },
    );
    renameSync(join(directory, "rouse"), output);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** The text of the module that stands for jobs/mod.ts; modules that are texts are written to a directory. */
function jobTable(jobs: JobModules, directory: string): string {
  const entries = Object.entries(jobs).sort(([one], [other]) => one < other ? -1 : 1).map(
    ([name, module], index) => {
      const path = "path" in module ? module.path : join(directory, `classic-${index}.ts`);
      if ("text" in module) writeFileSync(path, module.text);
      return `  ${JSON.stringify(name)}: () => import(${JSON.stringify(path)}),\n`;
    },
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
