/**
 * The protocol between the evaluator child and its parent: lines of JSON. And the rule which files are job modules.
 *
 * `rouse evaluate [--directory DIR]… MODULE…` announces each module before it imports it, and reports it as soon as it is
 * done. It does so on a descriptor of its own, because job modules may print. The parent sets the time limit. When a child
 * is killed or ends early, the module that was announced last is the cause if there is no report on it, and the modules
 * that were not announced go to a new child. A child ends after a report when the module has changed global state that
 * cannot be restored.
 */

import type { JobDefinition } from "../model/job.ts";
import { isIgnoredName } from "../model/text/ignored_names.ts";
import { jsonObject } from "../model/text/json_object.ts";

/** An error in a job module, and its location. */
export interface ModuleError {
  file: string;
  /** Counted from 1. Absent when it is not known, or the error is about the file as a whole. */
  line?: number;
  /** Counted from 1. */
  column?: number;
  /** What is wrong, without the location. */
  reason: string;
}

/** The descriptor that the lines are written to. */
export const REPORT_DESCRIPTOR = 3;

/** The evaluator is about to import this module. */
export interface Announcement {
  evaluating: string;
}

/** The report on one module, whose name is that of the command line. */
export type ModuleReport =
  & {
    module: string;
    /** The absolute paths of the local modules that it imports, directly or not. When one changes, it is evaluated again. */
    imports: string[];
    /**
     * The texts of the module and of its local imports by their paths, when a job has functions. The hook child loads
     * these texts, so that a function is always that of the definition in force, whatever the files hold by then.
     */
    sources?: Record<string, string>;
  }
  & ({ jobs: JobDefinition[] } | { error: ModuleError });

/** One line of the evaluator's output. */
export type EvaluatorLine = Announcement | ModuleReport;

/** Reads one line of the evaluator's output. Undefined for any other text. Never throws. */
export function parseEvaluatorLine(line: string): EvaluatorLine | undefined {
  const report = jsonObject(line);
  if (!report) return undefined;
  if (typeof report.evaluating === "string") return { evaluating: report.evaluating };
  if (typeof report.module !== "string" || !Array.isArray(report.imports)) return undefined;
  const known = Array.isArray(report.jobs) || typeof report.error === "object" && report.error !== null;
  return known ? report as unknown as ModuleReport : undefined;
}

/** The prefix of a compiled-in module, before its job's name. It stands in place of a path. */
export const COMPILED_IN = "compiled-in:";

/**
 * True for a file that may define jobs, by its path below the configuration directory. Not for declarations, tests, hidden
 * files, and files in `node_modules`, of version control, editors and package managers.
 */
export function isJobModule(path: string): boolean {
  return path.endsWith(".ts") && !/(\.d|[._]test)\.ts$/.test(path) &&
    !path.split("/").some((part) => part === "node_modules" || isIgnoredName(part));
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
