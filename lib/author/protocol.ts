/**
 * What the evaluator child tells init, a line of JSON each, and how job modules are told from other files.
 *
 * `rouse evaluate [--directory DIR]… MODULE…` announces each module before it imports it and reports it as
 * soon as it is done. Its caller sets the time limit: when a child is killed or ends early, the module
 * announced last without a report is to blame, and those not yet announced go to a new child. The lines go to
 * standard output; what job modules print goes to standard error. Lines that are none of these are ignored.
 */

import type { JobDefinition } from "../model/job.ts";

/** Where and why a job module could not be used. */
export interface ModuleError {
  file: string;
  /** Absent when the place is not known. */
  line?: number;
  column?: number;
  /** A sentence without the place. */
  reason: string;
}

/** The evaluator is about to import this module. */
export interface Announcement {
  evaluating: string;
}

/** The outcome of one module, which is named as it was on the command line. */
export type ModuleReport =
  & {
    module: string;
    /** The local modules that it imports, directly or not, whose changes count too. Absolute paths. */
    imports: string[];
    /** The texts of the module and of its imports by their paths, where jobs have functions. */
    sources?: Record<string, string>;
  }
  & ({ jobs: JobDefinition[] } | { error: ModuleError });

/** One line of the evaluator's output. */
export type EvaluatorLine = Announcement | ModuleReport;

/** Reads one line of the evaluator's output; undefined for what is none (never throws). */
export function parseEvaluatorLine(line: string): EvaluatorLine | undefined {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return undefined;
  }
  if (typeof value !== "object" || value === null) return undefined;
  const report = value as Record<string, unknown>;
  if (typeof report.evaluating === "string") return { evaluating: report.evaluating };
  if (typeof report.module !== "string" || !Array.isArray(report.imports)) return undefined;
  const known = Array.isArray(report.jobs) || typeof report.error === "object" && report.error !== null;
  return known ? report as unknown as ModuleReport : undefined;
}

/** What a compiled-in job's module is called: this and its name, instead of a path. */
export const COMPILED_IN = "compiled-in:";

/**
 * True for a file that may define jobs, by its path below the configuration directory. Declarations, tests, and what lies in
 * `node_modules` or in hidden directories do not.
 */
export function isJobModule(path: string): boolean {
  return path.endsWith(".ts") && !/(\.d|[._]test)\.ts$/.test(path) &&
    !path.split("/").some((part) => part === "node_modules" || part.startsWith("."));
}

/** The name of the job that a module defines: its path below its configuration directory, without `.ts`. */
export function jobName(module: string, directories: readonly string[]): string {
  if (module.startsWith(COMPILED_IN)) return module.slice(COMPILED_IN.length);
  const directory = directories
    .map((path) => path.endsWith("/") ? path : `${path}/`)
    .filter((path) => module.startsWith(path))
    .sort((one, other) => other.length - one.length)[0];
  const below = directory === undefined
    ? module.slice(module.lastIndexOf("/") + 1)
    : module.slice(directory.length);
  return below.replace(/\.ts$/, "");
}
