/** Looking through job files for all that is wrong with them. */

import { readdirSync, readFileSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { applyOverride, parseConf, ParseError } from "../../../compat/upstart/mod.ts";
import { isJobModule } from "../../author/protocol.ts";
import { typeCheck } from "../../cli/type_check.ts";
import { type Doubt, findDoubts } from "../../engine/doubts.ts";
import { emptyJob, type JobDefinition } from "../../model/job.ts";
import { Configuration } from "../configuration/configuration.ts";
import { evaluator } from "../configuration/evaluation.ts";
import { classify, errorReason, isDirectory, nameProblem, readSource } from "../configuration/files.ts";
import type { Report } from "../configuration/report.ts";
import { selfCommand } from "../../sys/self.ts";
import { scriptErrors } from "./scripts.ts";

/** One thing that is wrong, or doubtful, and where. */
export type Finding = Report;

/** All that was found. */
export interface Findings {
  /** How many jobs the files define. */
  jobs: number;
  errors: Finding[];
  warnings: Finding[];
  /** Who has checked the types of modules, or why nobody could; absent where there are no modules. */
  types?: string;
}

/**
 * Looks through files and directories. `scripts`: whether the shell is asked about them, `types`: whether a
 * compiler is. Never rejects.
 */
export async function inspect(
  paths: readonly string[],
  options: { scripts: boolean; types: boolean },
): Promise<Findings> {
  const errors: Finding[] = [];
  const directories = paths.filter(isDirectory).map((path) => path.replace(/(?<=.)\/+$/, ""));
  const jobs = await jobsOfDirectories(directories, (error) => errors.push(error));
  for (const path of paths.filter((path) => !isDirectory(path))) {
    jobs.push(...await jobsOfFile(path, (error) => errors.push(error)));
  }
  if (options.scripts) errors.push(...jobs.flatMap(scriptErrors));
  const types = options.types ? await inspectTypes(paths, errors) : undefined;
  // Without a directory nobody knows which jobs and events there are.
  const doubts = findDoubts(jobs).filter(({ kind }) =>
    directories.length > 0 || !kind.startsWith("unknown-")
  );
  return { jobs: jobs.length, errors, warnings: doubts.map(warning), ...(types !== undefined && { types }) };
}

/** Adds what does not compile to the errors, where no other is told of the same line. */
async function inspectTypes(paths: readonly string[], errors: Finding[]): Promise<string | undefined> {
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
  return readdirSync(directory, { recursive: true, encoding: "utf8" })
    .filter((path) => isJobModule(path) || isJobModule(path.replace(/\.d\.ts$/, ".ts"))).sort()
    .map((path) => join(directory, path));
}

function declarationsIn(directory: string): string[] {
  return readdirSync(directory).filter((name) => name.endsWith(".d.ts")).sort().map((name) =>
    join(directory, name)
  );
}

function existsModule(path: string): boolean {
  return path.endsWith(".ts") && existsProblem(path) === undefined;
}

type Tell = (finding: Finding) => void;

/** The jobs of directories that are read together, as init would have them. */
async function jobsOfDirectories(directories: string[], tell: Tell): Promise<JobDefinition[]> {
  if (directories.length === 0) return [];
  const jobs = new Map<string, JobDefinition>();
  const configuration = new Configuration({
    directories,
    evaluate: evaluator({ command: selfCommand("evaluate"), directories }),
    onReport: tell,
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

async function jobsOfFile(path: string, tell: Tell): Promise<JobDefinition[]> {
  const found = classify(basename(path));
  const problem = found ? nameProblem(found.name) : "The name must end in .conf, .override or .ts";
  if (!found || problem) {
    tell({ file: path, reason: existsProblem(path) ?? problem! });
    return [];
  }
  if (found.kind === "module") return await jobsOfModule(path, tell);
  const source = readSource(path);
  if (source.state !== "regular") {
    tell({ file: path, reason: "reason" in source ? source.reason : REASONS[source.state] });
    return [];
  }
  try {
    if (found.kind === "conf") return [parseConf(source.text, path, found.name)];
    applyOverride(emptyJob(found.name, path), source.text, path);
  } catch (error) {
    const { line, reason } = error as ParseError;
    if (!(error instanceof ParseError)) throw error;
    tell({ file: path, ...(line !== undefined && { line }), reason });
  }
  return [];
}

const REASONS = { absent: "No such file or directory", special: "Not a regular file" };

function existsProblem(path: string): string | undefined {
  try {
    statSync(path);
    return undefined;
  } catch (error) {
    return errorReason(error);
  }
}

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
    else tell(outcome.report);
  });
  return jobs;
}

/** A doubt, with the line of its stanza where that is a classic file's. */
function warning({ source, stanza, reason }: Doubt): Finding {
  const line = source.endsWith(".conf") ? lineOf(source, stanza) : undefined;
  return { file: source, ...(line !== undefined && { line }), reason };
}

/** The last line that begins with these words, counted from 1: the last stanza of a kind counts. */
export function lineOf(file: string, words: string): number | undefined {
  const pattern = new RegExp(`^\\s*${words.replaceAll(" ", "\\s+")}(?!\\S)`);
  try {
    const index = readFileSync(file, "latin1").split("\n").findLastIndex((line) => pattern.test(line));
    return index < 0 ? undefined : index + 1;
  } catch {
    return undefined;
  }
}
