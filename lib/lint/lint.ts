/** The linter of a set of jobs: finds valid stanzas that can hardly be meant. */

import { existsSync } from "node:fs";
import { join } from "node:path";
import { EVENT_SOURCES } from "../author/known_events.ts";
import { foldFindings, lintConditions, type LintFinding, type LintKind, suggestion } from "./conditions.ts";
import { type JobDefinition, PROCESS_NAMES } from "../model/job.ts";
import type { JobFormat } from "../formats/format.ts";
import type { Diagnostic } from "../formats/diagnostic.ts";
import { lintDependencies } from "./dependencies.ts";
import { lintLimits } from "./limits.ts";
import { SourceLines, textOf } from "./source_lines.ts";
import { lintWithoutEffect } from "./no_effect.ts";

/** For so many findings a hint is looked for: where there are more, it is not a slip of the pen. */
const MOST_HINTS = 200;

/** The kinds of findings that are none if there are other jobs than those that are known. */
const OF_THE_WHOLE: ReadonlySet<LintKind> = new Set(["unknown-job", "unknown-event", "no-runlevel"]);

/** What the linter finds: faults by which a job cannot start, and what can hardly be meant. */
export interface LintResult {
  errors: Diagnostic[];
  warnings: Diagnostic[];
}

/**
 * Lints jobs, which are all that there are.
 * @param directories The configuration directories; without one nobody knows which jobs and events there are.
 */
export async function lintJobs(
  jobs: readonly JobDefinition[],
  directories: readonly string[],
  formats: readonly JobFormat[],
): Promise<LintResult> {
  const classic = new Set(jobs.flatMap(({ name, semantics }) => semantics === "upstart" ? [name] : []));
  const isKnowable = ({ kind, job }: LintFinding) => {
    // Classic jobs were mostly written for a machine.
    if (kind === "no-runlevel" && classic.has(job)) return false;
    return directories.length > 0 || !OF_THE_WHOLE.has(kind);
  };
  const lines = new SourceLines(formats, directories);
  let hints = MOST_HINTS;
  const findings = foldFindings(
    lintConditions(jobs).filter(isKnowable),
    (finding) => hints-- > 0 ? hint(finding, jobs) : "",
  );
  const dependencies = lintDependencies(jobs).filter(({ kind }) =>
    directories.length > 0 || kind !== "unknown-name"
  );
  const told = (isFatal: boolean) =>
    forEach(dependencies.filter((finding) => finding.isFatal === isFatal), async (finding) => {
      const { source, field, job, reason } = finding, line = await lines.fieldLine(source, field, job);
      return { file: source, reason, ...(line !== undefined && { line }) };
    });
  const warnings = [
    ...await forEach(
      findings,
      (finding) => conditionDiagnostic(finding, overridesOf(finding.job, directories, formats), lines),
    ),
    ...await told(false),
    ...(await forEach(jobs, (job) => carriageReturns(job, lines))).flat(),
    ...(await forEach(jobs, (job) => lintLimits(job, lines))).flat(),
    ...(await forEach(jobs, (job) => lintWithoutEffect(job, lines))).flat(),
  ];
  return { errors: await told(true), warnings };
}

/** The results for all items, in their order. */
function forEach<Item, Result>(
  items: readonly Item[],
  make: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  return Promise.all(items.map(make));
}

/** A finding with the line that says it: the job's own file may have the condition, or an override. */
async function conditionDiagnostic(
  finding: LintFinding,
  overrides: readonly string[],
  lines: SourceLines,
): Promise<Diagnostic> {
  const { source, reason } = finding;
  for (const file of [...overrides, source]) {
    const line = await lines.conditionLine(file, finding);
    if (line !== undefined) return { file, line, reason };
  }
  return { file: source, reason };
}

function hint(finding: LintFinding, jobs: readonly JobDefinition[]): string {
  if (finding.kind === "unknown-event" && Object.hasOwn(EVENT_SOURCES, finding.subject)) {
    return ` (on Ubuntu, ${EVENT_SOURCES[finding.subject]} did)`;
  }
  const meant = finding.reason.includes("did you mean") ? undefined : suggestion(finding, jobs);
  return meant === undefined ? "" : `; did you mean \`${meant}'?`;
}

/** The files that may override the job. */
function overridesOf(job: string, directories: readonly string[], formats: readonly JobFormat[]): string[] {
  const names = formats.flatMap((format) => format.fileNames(job, "override"));
  return directories.flatMap((directory) => names.map((name) => join(directory, name))).filter((file) =>
    existsSync(file)
  );
}

/** Scripts keep their lines' ends, and the shell takes a carriage return for a part of the last word. */
async function carriageReturns(
  { name, source, processes }: JobDefinition,
  lines: SourceLines,
): Promise<Diagnostic[]> {
  const cure = `; sed -i 's/\\r$//' ${source}`;
  const scripts: Diagnostic[] = [];
  for (const process of PROCESS_NAMES) {
    const program = processes[process];
    if (program?.kind !== "script" || !program.text.includes("\r\n")) continue;
    const words = process === "main" ? "script" : `${process} script`;
    const reason =
      `${words}: its lines end in CR LF, and the CR becomes a part of each line's last word${cure}`;
    scripts.push(await lines.diagnostic(source, `${process}.script`, name, reason));
  }
  const broken = lines.formatOf(source)
    ? textOf(source).split("\n").findIndex((line) => line.endsWith("\\\r"))
    : -1;
  if (broken < 0) return scripts;
  const reason = `a backslash before CR LF does not join the line with the next one${cure}`;
  return [...scripts, { file: source, line: broken + 1, reason }];
}
