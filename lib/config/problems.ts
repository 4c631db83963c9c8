/** The problems of a configuration: all that is wrong with its files and directories. */

import { type Diagnostic, foldDiagnostics } from "../formats/diagnostic.ts";
import { directoryProblem, isThere, unreadReason } from "./files.ts";
import type { JobRegistry } from "./job_registry.ts";
import { fileNamesOf, type KnownFiles } from "./known_files.ts";
import type { JobFormat } from "../formats/format.ts";
import { errorReason } from "../sys/call/errno.ts";
import type { WatchedDirectory } from "./watched_directory.ts";

/** Something that is wrong with the configuration. */
export interface ConfigurationProblem {
  diagnostic: Diagnostic;
  /** False where what the file said before stays in force, or another file says it that goes first. */
  isMissed: boolean;
}

/** What problems are looked for in. */
export interface ConfigurationContents {
  formats: readonly JobFormat[];
  files: KnownFiles;
  directories: readonly WatchedDirectory[];
  /** Those of the directories that must be there. */
  expected: readonly string[] | undefined;
  registry: JobRegistry;
}

/** What is wrong with directories that should be there. They may come later. */
export function missingDirectories(directories: readonly string[] = []): Diagnostic[] {
  return directories.flatMap((file) => {
    const problem = directoryProblem(file);
    return problem === undefined
      ? []
      : { file, reason: `${UNREADABLE_DIRECTORY}${problem}`, isWarning: true };
  });
}

const UNREADABLE_DIRECTORY = "Configuration directory cannot be read: ";

/** All that is wrong, each error once: first what something is missing for. */
export function problemsOf(contents: ConfigurationContents): ConfigurationProblem[] {
  const { files, registry, expected } = contents;
  const missed = unreadableDirectories(contents), others: Diagnostic[] = [];
  for (const [path, { problem, kind, name, precedence }] of files) {
    if (!problem) continue;
    const isHidden = kind === "definition" && registry.goesBefore(name, precedence);
    if (isHidden || registry.remembers(path)) others.push(problem);
    else missed.push(problem);
  }
  return [
    ...[...missingDirectories(expected), ...foldDiagnostics(missed)]
      .map((diagnostic) => ({ diagnostic, isMissed: true })),
    ...foldDiagnostics(others).map((diagnostic) => ({ diagnostic, isMissed: false })),
  ];
}

/** A job that is missing because of a problem of the file that would define it. */
export interface BrokenJob {
  job: string;
  diagnostic: Diagnostic;
}

/** The jobs that are missing because of a problem. */
export function brokenJobsOf(contents: ConfigurationContents): BrokenJob[] {
  return Array.from(contents.files).flatMap(([path, { name: job }]) => {
    const diagnostic = missedAt(path, contents);
    return diagnostic ? [{ job, diagnostic }] : [];
  });
}

/** The problem of a file that would define a job, and never was right. */
export function missedFor(job: string, contents: ConfigurationContents): Diagnostic | undefined {
  const names = fileNamesOf(contents.formats, job);
  for (const directory of contents.directories) {
    for (const name of names) {
      const problem = missedAt(directory.path(name), contents);
      if (problem) return problem;
    }
  }
}

/** The problem of the file of this path, where it would define a job and never was right. */
function missedAt(path: string, { files, registry }: ConfigurationContents): Diagnostic | undefined {
  const file = files.get(path);
  if (!file?.problem || file.kind !== "definition" || registry.remembers(path)) return undefined;
  return registry.goesBefore(file.name, file.precedence) ? undefined : file.problem;
}

function unreadableDirectories({ directories }: ConfigurationContents): Diagnostic[] {
  return directories.flatMap((directory) => directory.unreadable())
    .map(([file, error]) => ({ file, reason: errorReason(error) }));
}

/** What is wrong with the files that are named like a job, whether or not they are in force. */
export function problemsOfJob(job: string, contents: ConfigurationContents): Diagnostic[] {
  const { formats, files, directories, registry } = contents;
  const problems: Diagnostic[] = [];
  for (const [path, { name, kind, problem }] of files) {
    if (name !== job) continue;
    if (problem) problems.push(problem);
    else if (kind === "definition" && !registry.defines(path, job)) {
      const cure = `export default job({ … }), without a name of its own or with name: "${job}"`;
      problems.push({ file: path, reason: `File defines no job ${job}; let it say ${cure}` });
    }
  }
  const names = fileNamesOf(formats, job);
  for (const directory of directories) {
    for (const file of names.map((name) => directory.path(name))) {
      const reason = files.has(file) ? undefined : unreadReason(file);
      if (reason !== undefined) problems.push({ file, reason });
    }
  }
  return problems;
}

/**
 * The directories and modules that cannot be read and may define any job: nobody knows which jobs such a module
 * defines until it has been evaluated once.
 */
export function unknownDefinitions(job: string, contents: ConfigurationContents): Diagnostic[] {
  const { files, directories, registry, expected = [] } = contents;
  const unknown = unreadableDirectories(contents);
  for (const { root } of directories) {
    const problem = directoryProblem(root);
    if (problem === undefined || !(expected.includes(root) || isThere(root))) continue;
    unknown.push({ file: root, reason: UNREADABLE_DIRECTORY + problem });
  }
  for (const [path, { format, name, problem }] of files) {
    if (!format && name !== job && problem && !registry.remembers(path)) unknown.push(problem);
  }
  return unknown.map((diagnostic) => ({
    ...diagnostic,
    detail: `${diagnostic.detail ?? ""}; it may say something of the job ${job}`,
  }));
}
