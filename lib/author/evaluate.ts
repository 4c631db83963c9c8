/** The evaluator child: imports job modules and prints what they define as data (see protocol.ts). */

import { Console } from "node:console";
import { writeSync } from "node:fs";
import { resolve } from "node:path";
import process from "node:process";
import { parseArgs } from "node:util";
import type { JobDefinition } from "../model/job.ts";
import { definedAt, type DefinedJob } from "./conditions.ts";
import { referredJobs, toDefinition } from "./definition.ts";
import { type Exports, importModule, localImports, provideAuthoringModule } from "./modules.ts";
import { fieldPlace, moduleError, userPlace } from "./place.ts";
import { COMPILED_IN, type EvaluatorLine, jobName, type ModuleError } from "./protocol.ts";
import { FieldError, shown } from "./values.ts";

const USAGE = "Usage: rouse evaluate [--directory DIR]... MODULE...";

/** A module that defines no usable jobs, with the place if there is one. */
class DefinitionError extends Error {
  constructor(readonly place: Omit<ModuleError, "reason">, reason: string) {
    super(reason);
  }
}

/** The program `evaluate`. Returns its exit status: 0 when all modules were reported, 2 for wrong usage. */
export async function main(args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    options: { directory: { type: "string", multiple: true, default: [] } },
    allowPositionals: true,
  });
  if (positionals.length === 0) {
    console.error(USAGE);
    return 2;
  }
  const directories = values.directory.map((directory) => resolve(directory));
  const leave = guardProcess();
  provideAuthoringModule();
  for (const module of positionals) {
    const path = module.startsWith(COMPILED_IN) ? module : resolve(module);
    print({ evaluating: module });
    unfinished = module;
    const outcome = await evaluate(path, directories);
    unfinished = undefined;
    print({ module, imports: localImports(path), ...outcome });
  }
  // What modules have left running (servers, timers) ends here.
  return leave(0);
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
    print({ module: unfinished, imports: localImports(unfinished), error: { file: unfinished, reason } });
  });
  return exit;
}

async function evaluate(
  module: string,
  directories: readonly string[],
): Promise<{ jobs: JobDefinition[] } | { error: ModuleError }> {
  let exports: Exports;
  try {
    exports = await importModule(module);
  } catch (error) {
    return { error: moduleError(error, module, localImports(module)) };
  }
  try {
    return { jobs: await definitions(exports, module, directories) };
  } catch (error) {
    if (error instanceof DefinitionError) return { error: { ...error.place, reason: error.message } };
    return { error: moduleError(error, module, []) };
  }
}

const names = new WeakMap<DefinedJob, string>();

async function definitions(
  exports: Exports,
  module: string,
  directories: readonly string[],
): Promise<JobDefinition[]> {
  const jobs = exportedJobs(exports, module);
  nameJobs(jobs, module, directories);
  if (jobs.flatMap(referredJobs).some((job) => typeof job === "object" && !nameOf(job))) {
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

/**
 * The jobs of a module: its default export, or the array's items. A module that exports something but no
 * default is one that others share, and defines no jobs.
 */
export function exportedJobs(exports: Exports, module: string): DefinedJob[] {
  if (!Object.hasOwn(exports, "default")) {
    const named = Object.keys(exports).find((name) => isJob(exports[name]));
    if (named) {
      throw new DefinitionError(
        { file: module },
        `exports the job ${named}, but not as default; write export default`,
      );
    }
    if (Object.keys(exports).length > 0) return [];
    throw new DefinitionError(
      { file: module },
      "exports nothing; a job module has export default job({ … })",
    );
  }
  const exported = exports.default;
  const jobs: unknown[] = Array.isArray(exported) ? exported.flat(Infinity) : [exported];
  for (const job of jobs) {
    if (isJob(job)) continue;
    const reason = `exports ${
      shown(job)
    } as default; write export default job({ … }), or an array of such jobs`;
    throw new DefinitionError({ file: module }, reason);
  }
  return jobs as DefinedJob[];
}

function isJob(value: unknown): value is DefinedJob {
  return typeof value === "object" && value !== null && Object.hasOwn(value, definedAt);
}

/** Remembers by what name others can refer to a job that has none of its own. */
function nameJobs(jobs: readonly DefinedJob[], module: string, directories: readonly string[]): void {
  const [only, ...others] = jobs;
  if (only && others.length === 0) names.set(only, jobName(module, directories));
}

async function nameImportedJobs(module: string, directories: readonly string[]): Promise<void> {
  for (const path of localImports(module)) {
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

/** Writes a line to standard output at once; the empty line before it ends what others left there. */
function print(line: EvaluatorLine): void {
  let rest = Buffer.from(`\n${JSON.stringify(line)}\n`);
  while (rest.length > 0) rest = rest.subarray(writeSync(1, rest));
}
