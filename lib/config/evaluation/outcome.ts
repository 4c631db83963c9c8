/** Outcomes of evaluations: the reports of a child, checked and bounded, because modules may write what they like. */

import { existsSync, realpathSync, statSync } from "node:fs";
import { hasFunctions, type JobDefinition } from "../../model/job.ts";
import { validateJob, withSources } from "../../model/validate.ts";
import { printable, withoutColours } from "../../model/text/printable.ts";
import type { ModuleOutcome } from "./evaluator.ts";
import { type ModuleOwner, runAsOwner } from "./owner.ts";
import type { ModuleError, ModuleReport } from "../../author/protocol.ts";
import { unlessRefused } from "../../sys/call/refused.ts";
import { isFault } from "../../sys/call/fault.ts";

const MOST_IMPORTS = 1000;

/** What is told of a file where an exception of our own keeps it from being read. The log has the rest. */
export const INTERNAL_ERROR = "Internal error";

/**
 * The outcome of a child's report on a module.
 * @param owner the module's owner, when that is not this process's own user.
 * @throws what is a fault of ours.
 */
export function outcomeOf(
  report: ModuleReport,
  module: string,
  owner: ModuleOwner | undefined,
): ModuleOutcome {
  const imports = report.imports.filter((path) => typeof path === "string" && path.startsWith("/"));
  const shared = { module, imports: imports.slice(0, MOST_IMPORTS) };
  if ("error" in report) return { ...shared, error: errorOf(report, module, shared.imports, owner) };
  try {
    const { sources } = report;
    const restrict = owner && ((job: JobDefinition) => runAsOwner(job, owner));
    const jobs = report.jobs.map(validateJob).map((job) => {
      const allowed = restrict ? restrict(job) : job;
      // Functions are run from the sources as they were at the evaluation.
      return sources && hasFunctions(job) ? withSources(allowed, sources) : allowed;
    });
    return { ...shared, jobs, ...(restrict && { runAsOwner: restrict }) };
  } catch (error) {
    if (isFault(error)) throw error;
    return { ...shared, error: { file: module, reason: plainText((error as Error).message) } };
  }
}

/**
 * The outcome of a module without a report.
 * @param isTemporary true when the module itself is not the cause.
 */
export function failureOf(module: string, reason: string, isTemporary = false): ModuleOutcome {
  return { module, imports: [], error: { file: module, reason }, ...(isTemporary && { isTemporary }) };
}

function errorOf(
  report: ModuleReport & { error: unknown },
  module: string,
  imports: readonly string[],
  owner: ModuleOwner | undefined,
): ModuleError {
  const { file, line, column, reason } = report.error as Record<string, unknown>;
  const blamed = file === undefined || file === report.module
    ? module
    : typeof file === "string"
    ? blamedFile(file, [module, ...imports], owner)
    : undefined;
  const isBlamed = blamed !== undefined;
  return {
    file: blamed === undefined || blamed === module ? module : plainText(blamed),
    ...(isBlamed && typeof line === "number" && { line }),
    ...(isBlamed && typeof column === "number" && { column }),
    reason: typeof reason === "string" ? plainText(reason) : "Module cannot be evaluated",
  };
}

/**
 * The file that an error is in: one of these files, by the name it has among them, or one of a package. Undefined when
 * it is neither, or does not belong to the module's owner.
 */
function blamedFile(
  file: string,
  files: readonly string[],
  owner: ModuleOwner | undefined,
): string | undefined {
  return unlessRefused(() => {
    const path = realpathSync(file);
    if (owner && statSync(path).uid !== owner.uid) return undefined;
    const known = files.find((other) => existsSync(other) && realpathSync(other) === path);
    return known ?? (path.includes("/node_modules/") ? file : undefined);
    // The file has been removed, or cannot be read.
  }, () => files.includes(file) ? file : undefined);
}

/** The last line that a module has printed and that does not belong to a stack trace. */
export function lastWords(text: string): string | undefined {
  return text.split("\n").map((line) => plainText(line).trimEnd())
    .findLast((line) => line !== "" && !/^\s*at /.test(line));
}

/** So much is told of a child's text, in characters. */
const LONGEST_TEXT = 2000;

/** A child's text as one line, without colours, and without what controls a terminal otherwise. */
function plainText(text: string): string {
  // deno-lint-ignore no-control-regex
  const line = withoutColours(text.slice(0, LONGEST_TEXT)).replace(/[\x00-\x1f\x7f]+/g, " ");
  return printable(line).slice(0, LONGEST_TEXT);
}
