/** The evaluator child: imports job modules and prints what they define as data (see protocol.ts). */

import { Console } from "node:console";
import { resolve } from "node:path";
import process from "node:process";
import { parseArgs } from "node:util";
import type { JobDefinition } from "../model/job.ts";
import { definedAt, type DefinedJob, isJob } from "./conditions.ts";
import { referredJobs, toDefinition } from "./definition.ts";
import { exportedJobs } from "./exports.ts";
import {
  compiledInModules,
  type Exports,
  importModule,
  localImports,
  moduleSources,
  provideAuthoringModule,
} from "./modules.ts";
import { DefinitionError, fieldPlace, moduleError, userPlace } from "./place.ts";
import { COMPILED_IN, type EvaluatorLine, jobName, type ModuleError } from "./protocol.ts";
import { FieldError, shown } from "./values.ts";
import { writeAll } from "./write.ts";

const USAGE = "Usage: rouse evaluate [--directory DIR]... MODULE...";

/** The program `evaluate`. Returns its exit status: 0 when all modules were reported, 2 for wrong usage. */
export async function main(args: string[]): Promise<number> {
  let options;
  try {
    options = parseOptions(args);
  } catch (error) {
    const [reason] = (error as Error).message.split(". ");
    console.error(`rouse: evaluate: ${reason}`);
    return 2;
  }
  const { values, positionals } = options;
  if (positionals.length === 0) {
    console.error(USAGE);
    return 2;
  }
  const directories = values.directory.map((directory) => resolve(directory));
  const leave = guardProcess();
  provideAuthoringModule();
  // A module's report goes out with the announcement of the next one: whoever reads them is woken half as often.
  let report: EvaluatorLine[] = [];
  for (const module of positionals) {
    const path = module.startsWith(COMPILED_IN) ? module : resolve(module);
    print(...report, { evaluating: module });
    unfinished = module;
    const outcome = await evaluate(path, directories);
    unfinished = undefined;
    report = [{ module, imports: localImports(path), ...outcome }];
  }
  print(...report);
  // What modules have left running (servers, timers) ends here.
  return leave(0);
}

function parseOptions(args: string[]) {
  return parseArgs({
    args,
    options: { directory: { type: "string", multiple: true, default: [] } },
    allowPositionals: true,
  });
}

let unfinished: string | undefined;

/**
 * Keeps modules from ending the process or writing between the lines. Returns the true `process.exit`.
 * A module that awaits what never comes lets the process end early: the last line says so.
 */
function guardProcess(): (status: number) => never {
  const exit = process.exit.bind(process);
  process.exit = (status) => {
    throw new Error(`process.exit(${status ?? ""}) is called while the module is loaded`);
  };
  process.stdout.write = process.stderr.write.bind(process.stderr) as typeof process.stdout.write;
  globalThis.console = new Console(process.stderr) as typeof globalThis.console;
  process.on("uncaughtException", (error) => console.error(error));
  process.on("unhandledRejection", (reason) => console.error(reason));
  process.on("exit", () => {
    if (unfinished === undefined) return;
    const reason = "never finishes loading: it awaits something that does not come";
    print({
      module: unfinished,
      imports: localImports(resolve(unfinished)),
      error: { file: resolve(unfinished), reason },
    });
  });
  return exit;
}

async function evaluate(
  module: string,
  directories: readonly string[],
): Promise<{ jobs: JobDefinition[]; sources?: Record<string, string> } | { error: ModuleError }> {
  try {
    const jobs = await definitions(await importModule(module), module, directories);
    const sources = jobs.some(hasFunctions) ? moduleSources(module) : undefined;
    return { jobs, ...(sources && { sources }) };
  } catch (error) {
    return { error: moduleError(error, module, localImports(module)) };
  }
}

function hasFunctions({ processes }: JobDefinition): boolean {
  return Object.values(processes).some(({ kind }) => kind === "function");
}

const names = new WeakMap<DefinedJob, string>();

async function definitions(
  exports: Exports,
  module: string,
  directories: readonly string[],
): Promise<JobDefinition[]> {
  const jobs = exportedJobs(exports, module);
  nameJobs(jobs, module, directories);
  if (jobs.flatMap(referredJobs).some((job) => nameOf(job) === undefined)) {
    await nameImportedJobs(module, directories);
  }
  const source = module.startsWith(COMPILED_IN) ? "compiled-in" : module;
  const defined = new Set<string>();
  return jobs.map((job) => {
    const name = nameOf(job);
    if (name === undefined) {
      throw new DefinitionError(placeOfJob(job, module), "several jobs in one module need a name each");
    }
    if (defined.has(name)) {
      throw new DefinitionError(fieldPlaceOrJob(job, "name", module), `two jobs are called ${shown(name)}`);
    }
    defined.add(name);
    try {
      return toDefinition(job, { name, source, module, nameOf });
    } catch (error) {
      if (!(error instanceof FieldError)) throw error;
      throw new DefinitionError(fieldPlaceOrJob(job, error.field, module), error.message);
    }
  });
}

/** Remembers by what name others can refer to a job that has none of its own. */
function nameJobs(jobs: readonly DefinedJob[], module: string, directories: readonly string[]): void {
  const [only, ...others] = jobs;
  if (only && others.length === 0) names.set(only, jobName(module, directories));
}

async function nameImportedJobs(module: string, directories: readonly string[]): Promise<void> {
  for (const path of module.startsWith(COMPILED_IN) ? compiledInModules() : localImports(module)) {
    const exported = (await importModule(path)).default;
    if (isJob(exported)) nameJobs([exported], path, directories);
  }
}

/** A job's own name, or that of the module whose only job it is. */
function nameOf(job: DefinedJob): string | undefined {
  const { name } = job as { name?: string };
  return name ?? names.get(job);
}

function placeOfJob(job: DefinedJob, module: string): Omit<ModuleError, "reason"> {
  return userPlace(job[definedAt]) ?? { file: module };
}

function fieldPlaceOrJob(job: DefinedJob, field: string, module: string): Omit<ModuleError, "reason"> {
  const place = userPlace(job[definedAt]);
  return place && fieldPlace(place.file, field, place.line) || place || { file: module };
}

/** Writes lines to standard output at once; the empty line before each ends what others left there. */
function print(...lines: EvaluatorLine[]): void {
  writeAll(1, lines.map((line) => `\n${JSON.stringify(line)}\n`).join(""));
}
