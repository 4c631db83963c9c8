/** The program `evaluate`, which runs in the evaluator child: imports job modules and prints their jobs as data (see protocol.ts). */

import { writeFileSync } from "node:fs";
import { resolve } from "node:path";
import process from "node:process";
import { followCommandLine, type Tool } from "../../model/command_line/tool.ts";
import { UsageError } from "../../model/command_line/usage_error.ts";
import { hasFunctions, type JobDefinition } from "../../model/job.ts";
import { removeFlags, SINGLE_THREAD_FLAGS } from "../../sys/runtime/variables.ts";
import { definedAt, type DefinedJob, isJob } from "../conditions.ts";
import { toDefinition } from "../definition.ts";
import { referredJobs } from "../references.ts";
import { exportedJobs } from "./exports.ts";
import { describeFailure } from "./failure.ts";
import { ImportGuard } from "./import_guard.ts";
import { ModuleIsolation } from "./isolation.ts";
import {
  compiledInModules,
  type Exports,
  importModule,
  localImports,
  moduleSources,
  provideAuthoringModule,
} from "./modules.ts";
import { DefinitionError, fieldLocation, moduleError, userLocation } from "./source_location.ts";
import {
  COMPILED_IN,
  type EvaluatorLine,
  jobName,
  type ModuleError,
  REPORT_DESCRIPTOR,
} from "../protocol.ts";
import { FieldError, shown } from "../values.ts";
import { givenDescriptor, writeAll } from "../../sys/io/write_all.ts";

const EVALUATE: Tool = {
  name: "evaluate",
  arguments: "MODULE...",
  summary:
    `Import job modules, and write the jobs that they define, as JSON, to descriptor ${REPORT_DESCRIPTOR}.`,
  help: "Exit status: 0 when all modules were reported, 2 for wrong arguments.",
  options: [{
    long: "directory",
    argument: "DIR",
    help: "a configuration directory, below which file names are names of jobs; may be given several times",
  }],
  async run({ args, options }) {
    if (args.length === 0) throw new UsageError("missing module");
    const directories = (options.get("directory") ?? []).map((directory) => resolve(directory));
    return await evaluateAll(args, directories);
  },
};

/** The program `evaluate`. Returns its exit status. */
export function main(args: string[]): Promise<number> {
  return followCommandLine(EVALUATE, "rouse evaluate", args, writeAll);
}

/** Evaluates modules and ends the process; what they define is written as each is done. */
async function evaluateAll(modules: readonly string[], directories: readonly string[]): Promise<number> {
  removeFlags(SINGLE_THREAD_FLAGS);
  const exit = guardProcess();
  provideAuthoringModule();
  const guard = new ImportGuard(), isolation = new ModuleIsolation();
  // A module's report is written together with the announcement of the next one, so that the reader wakes up half as often.
  let report: EvaluatorLine[] = [];
  for (const [index, module] of modules.entries()) {
    const path = module.startsWith(COMPILED_IN) ? module : resolve(module),
      isLast = index === modules.length - 1;
    print(...report, { evaluating: module });
    unfinished = { module, path };
    if (!isLast) isolation.beforeImport(path);
    const outcome = await evaluate(path, directories, guard);
    unfinished = undefined;
    report = [{ module, imports: localImports(path), ...outcome }];
    if (isLast) break;
    if (!await isolation.restore(() => print(...report.splice(0)))) break;
  }
  print(...report);
  // Ends what modules have left running, such as servers and timers.
  return exit(0);
}

/** The module that is being loaded: its name on the command line, and its path. */
let unfinished: { module: string; path: string } | undefined;

/**
 * Keeps modules from ending the process, and makes this process the first that the kernel kills when memory runs out.
 * When the process ends because a module awaits something that never comes, that is reported. Returns the real
 * `process.exit`.
 */
function guardProcess(): (status: number) => never {
  const exit = process.exit.bind(process);
  try {
    writeFileSync("/proc/self/oom_score_adj", "1000");
  } catch {
    // The file is missing or read-only: the score stays as it is.
  }
  process.exit = (status) => {
    throw new Error(`process.exit(${status ?? ""}) is called while the module is loaded`);
  };
  for (const event of ["uncaughtException", "unhandledRejection"]) {
    process.on(event, (error) => writeAll(2, `${describeFailure(error)}\n`));
  }
  process.on("exit", () => {
    if (unfinished === undefined) return;
    const reason = "never finishes loading: it awaits something that does not come";
    const { module, path } = unfinished;
    print({ module, imports: localImports(path), error: { file: path, reason } });
  });
  return exit;
}

async function evaluate(
  module: string,
  directories: readonly string[],
  guard: ImportGuard,
): Promise<{ jobs: JobDefinition[]; sources?: Record<string, string> } | { error: ModuleError }> {
  try {
    guard.check(module);
    const jobs = await definitions(await importModule(module), module, directories);
    const sources = jobs.some(hasFunctions) ? moduleSources(module) : undefined;
    return { jobs, ...(sources && { sources }) };
  } catch (error) {
    return { error: moduleError(error, module, localImports(module)) };
  }
}

/** The names of jobs that are called by their module's file name. */
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
      throw new DefinitionError(jobLocation(job, module), "several jobs in one module need a name each");
    }
    if (defined.has(name)) {
      throw new DefinitionError(
        fieldOrJobLocation(job, "name", module),
        `two jobs are called ${shown(name)}`,
      );
    }
    defined.add(name);
    try {
      return toDefinition(job, { name, source, module, nameOf });
    } catch (error) {
      if (!(error instanceof FieldError)) throw error;
      throw new DefinitionError(fieldOrJobLocation(job, error.field, module), error.message);
    }
  });
}

/** Remembers the file name of a module's only job, by which other jobs may refer to it. */
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

/** A job's own name, or the file name of the module whose only job it is. */
function nameOf(job: DefinedJob): string | undefined {
  const { name } = job as { name?: string };
  return name ?? names.get(job);
}

function jobLocation(job: DefinedJob, module: string): Omit<ModuleError, "reason"> {
  return userLocation(job[definedAt]) ?? { file: module };
}

function fieldOrJobLocation(job: DefinedJob, field: string, module: string): Omit<ModuleError, "reason"> {
  const location = userLocation(job[definedAt]);
  return location && fieldLocation(location.file, field, location.line) || location || { file: module };
}

/** The descriptor of the reports, once it is known. */
let reports: number | undefined;

/** Writes lines at once to the report descriptor, which modules do not write to. */
function print(...lines: EvaluatorLine[]): void {
  reports ??= givenDescriptor(REPORT_DESCRIPTOR);
  writeAll(reports, lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
}
