/** The inspection of job files: finds all that is wrong with them. */

import { basename, dirname, join } from "node:path";
import { isJobModule } from "../../author/protocol.ts";
import { Configuration } from "../../config/configuration.ts";
import { evaluator } from "../../config/evaluation/evaluator.ts";
import { existsProblem, isDirectory, readHead, readSource } from "../../config/files.ts";
import { FORMATS } from "../../config/formats.ts";
import { claimOf, nameProblem } from "../../config/known_files.ts";
import { asSeenFrom, type Diagnostic, diagnosticOf, foldDiagnostics } from "../../formats/diagnostic.ts";
import { definitionEndings, endingsOf, standardName } from "../../formats/claims.ts";
import type { JobFormat } from "../../formats/format.ts";
import { lintJobs } from "../../lint/lint.ts";
import { noteDefaults } from "../../lint/defaults.ts";
import { lintScripts } from "../../lint/scripts.ts";
import { SourceLines } from "../../lint/source_lines.ts";
import type { Option } from "../../model/command_line/options.ts";
import { emptyJob, type JobDefinition } from "../../model/job.ts";
import { selfCommand } from "../../sys/runtime/self.ts";
import { entriesOf, filesBelow } from "../files_below.ts";
import { typeCheck } from "./type_check.ts";

/** The option by which scripts are passed over. */
export const NO_SCRIPT: Option = {
  short: "s",
  long: "noscript",
  help: "do not check the syntax of scripts",
};

/** The result of an inspection. */
export interface Inspection {
  /** How many jobs the files define. */
  jobs: number;
  errors: Diagnostic[];
  warnings: Diagnostic[];
  /** How many jobs have Rouse's defaults. */
  withRousesDefaults: number;
  /** What these defaults mean for them, where that was asked for. */
  notes: Diagnostic[];
  /** Who has checked the types of modules, or why nobody could; absent where there are no modules. */
  types?: string;
}

/** The options of {@link inspect}. */
interface InspectionOptions {
  /** Whether the shell is asked about scripts. */
  scripts: boolean;
  /** Whether a compiler is asked about the types of modules. */
  types: boolean;
  /** Whether it is told what Rouse's defaults mean for jobs that have them. */
  defaults?: boolean;
  /** The formats of job files. Default: all that there are. */
  formats?: readonly JobFormat[];
}

/** Looks through files and directories. Never rejects. */
export async function inspect(
  paths: readonly string[],
  { scripts, types, defaults = false, formats = FORMATS }: InspectionOptions,
): Promise<Inspection> {
  const errors: Diagnostic[] = [];
  const directories = paths.filter(isDirectory).map((path) => path.replace(/(?<=.)\/+$/, ""));
  const jobs = await jobsOfDirectories(directories, formats, (error) => errors.push(error));
  const files = paths.filter((path) => !isDirectory(path));
  for (const path of [...directories.flatMap((directory) => otherFilesBelow(directory, formats)), ...files]) {
    for (const job of await jobsOfFile(path, formats, (error) => errors.push(error))) jobs.push(job);
  }
  const lines = new SourceLines(formats, directories);
  for (const job of scripts ? jobs : []) {
    for (const error of await lintScripts(job, lines)) errors.push(error);
  }
  const { errors: faults, warnings } = await lintJobs(jobs, directories, formats);
  errors.push(...faults);
  const typesNote = types ? await inspectTypes(paths, errors) : undefined;
  return {
    jobs: jobs.length,
    errors: foldDiagnostics(errors),
    warnings,
    withRousesDefaults: jobs.filter(({ semantics }) => semantics === "rouse").length,
    notes: defaults ? (await Promise.all(jobs.map((job) => noteDefaults(job, lines)))).flat() : [],
    ...(typesNote !== undefined && { types: typesNote }),
  };
}

/** Adds what does not compile to the errors, where no other is told of the same line. */
async function inspectTypes(paths: readonly string[], errors: Diagnostic[]): Promise<string | undefined> {
  const files = paths.flatMap((path) => isDirectory(path) ? modulesBelow(path) : [path]).filter(existsModule);
  if (!files.some((file) => !file.endsWith(".d.ts"))) return undefined;
  // What jobs are told of events stands in declarations beside them.
  const declarations = new Set(files.map(dirname).flatMap(declarationsIn));
  const outcome = await typeCheck([...new Set([...files, ...declarations])]);
  if ("unavailable" in outcome) return `types not checked: ${outcome.unavailable}`;
  const known = new Set(errors.map(({ file, line }) => `${file}:${line}`));
  errors.push(...outcome.problems.filter(({ file, line }) => !known.has(`${file}:${line}`)));
  return `types checked by ${outcome.compiler}`;
}

function modulesBelow(directory: string): string[] {
  return filesBelow(directory)
    .filter((path) => isJobModule(path) || isJobModule(path.replace(/\.d\.ts$/, ".ts")))
    .map((path) => join(directory, path));
}

/** The files of jobs that init does not read, since others have named them. */
function otherFilesBelow(directory: string, formats: readonly JobFormat[]): string[] {
  return filesBelow(directory).filter((path) => standardName(formats, path) !== path).map((path) =>
    join(directory, path)
  );
}

function declarationsIn(directory: string): string[] {
  return entriesOf(directory).map(({ name }) => name).filter((name) => name.endsWith(".d.ts")).sort()
    .map((name) => join(directory, name));
}

function existsModule(path: string): boolean {
  return path.endsWith(".ts") && existsProblem(path) === undefined;
}

type Tell = (diagnostic: Diagnostic) => void;

/** The jobs of directories that are read together, as init would have them. */
async function jobsOfDirectories(
  directories: string[],
  formats: readonly JobFormat[],
  tell: Tell,
): Promise<JobDefinition[]> {
  if (directories.length === 0) return [];
  const jobs = new Map<string, JobDefinition>();
  const configuration = new Configuration({
    directories,
    formats,
    evaluate: evaluator({ command: selfCommand("evaluate"), directories }),
    onDiagnostic: tell,
    onChanges: (changes) => {
      for (const { name, definition } of changes) {
        if (definition) jobs.set(name, definition);
        else jobs.delete(name);
      }
    },
  });
  await configuration.load();
  configuration.close();
  return [...jobs.values()];
}

async function jobsOfFile(
  path: string,
  formats: readonly JobFormat[],
  tell: Tell,
): Promise<JobDefinition[]> {
  const relative = standardName(formats, basename(path));
  const claim = claimOf(formats, { directory: dirname(path), relative, head: () => readHead(path) });
  const problem = claim ? nameProblem(claim.name) : `The name must end in ${fileEndings(formats)} or .ts`;
  if (!claim || problem) {
    tell({ file: path, reason: existsProblem(path) ?? problem! });
    return [];
  }
  const { format, kind, name } = claim;
  if (!format) return await jobsOfModule(path, tell);
  const source = readSource(path);
  if (source.state !== "regular") {
    tell({ file: path, reason: "reason" in source ? source.reason : REASONS[source.state] });
    return [];
  }
  const file = { path, name, text: source.text };
  try {
    if (kind === "definition") return format.parse(file);
    format.applyOverride(emptyJob(name, path), file);
  } catch (error) {
    tell(diagnosticOf(path, error));
  }
  return [];
}

function fileEndings(formats: readonly JobFormat[]): string {
  return [...definitionEndings(formats), ...endingsOf(formats, "override")].join(", ");
}

const REASONS = { absent: "No such file or directory", special: "Not a regular file" };

async function jobsOfModule(path: string, tell: Tell): Promise<JobDefinition[]> {
  const problem = existsProblem(path);
  if (problem) {
    tell({ file: path, reason: problem });
    return [];
  }
  const jobs: JobDefinition[] = [];
  const evaluate = evaluator({ command: selfCommand("evaluate"), directories: [dirname(path)] });
  await evaluate([path], (outcome) => {
    if (outcome.jobs) jobs.push(...outcome.jobs);
    else tell(asSeenFrom(path, outcome.error));
  });
  return jobs;
}
