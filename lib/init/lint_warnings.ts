/** The warnings of the linter about a configuration that has just been read. */

import { lintDependencies } from "../lint/dependencies.ts";
import { foldFindings, lintConditions, type LintFinding, type LintKind } from "../lint/conditions.ts";
import type { JobDefinition } from "../model/job.ts";
import type { Messages } from "./logs/messages.ts";
import type { RunningInit } from "./running.ts";

/** How many findings are printed one by one. Of more, a single line says how many: `rouse check` prints them all. */
const MAX_SINGLE = 3;

/** What is checked. */
interface LintSubject {
  init: RunningInit;
  /** The configuration directories. */
  directories: readonly string[];
  /** True where nobody sets a runlevel by himself: in a container, and in a user's session. */
  withoutRunlevels: boolean;
  /** After so many seconds of a shutdown what is left is killed; undefined where nothing is. */
  shutdownTimeout: number | undefined;
  /** True when no startup event is emitted: then nobody expects that conditions come true by themselves. */
  trial: boolean;
}

/**
 * Warns of conditions that name unknown jobs: once for each job, or in a single line if they are many. Conditions on events
 * that no job emits are reported with --verbose alone, for anybody may emit them; but where nobody sets a runlevel, that is
 * told in a line.
 */
export function warnOfFindings(
  { init, directories, withoutRunlevels, shutdownTimeout, trial }: LintSubject,
  messages: Messages,
): void {
  const verbose = messages.prints("info");
  const kinds = new Set<LintKind>();
  if (!trial || verbose) kinds.add("unknown-job");
  if (verbose) kinds.add("unknown-event");
  const jobs = Array.from(init.jobs(), ({ definition }) => definition);
  if (withoutRunlevels && !trial) {
    for (const { job, reason } of foldFindings(lintConditions(jobs, new Set(["no-runlevel"])))) {
      messages.logOnce("warn", `${job} ${reason}`);
    }
  }
  if (shutdownTimeout !== undefined && !trial) warnOfImpatience(jobs, shutdownTimeout, messages);
  warnOfDependencies(jobs, !trial || verbose, directories, messages);
  const all = lintConditions(jobs, kinds);
  const facts = foldFindings(all);
  if (facts.length > MAX_SINGLE && !verbose) {
    return messages.logOnce("warn", summary(all, facts, directories));
  }
  for (const { kind, job, reason } of facts) {
    if (kind === "unknown-job" && !trial) messages.logOnce("warn", `${job} ${reason}`);
    else messages.log("info", `${job} ${reason}`);
  }
}

/** Warns of jobs that a shutdown gives less time to end than they ask for. */
function warnOfImpatience(jobs: JobDefinition[], limit: number, messages: Messages): void {
  const cut = jobs.filter(({ killTimeout, expect }) => killTimeout > limit && expect !== "script");
  const [first] = cut;
  if (!first) return;
  const longest = cut.reduce((most, { killTimeout }) => Math.max(most, killTimeout), 0);
  const others = cut.length > 1 ? `, as of ${cut.length - 1} others` : "";
  messages.logOnce(
    "warn",
    `${first.name} kill timeout: a shutdown cuts its ${first.killTimeout} seconds short${others}: it kills what is left after ` +
      `${limit}; --shutdown-timeout ${longest} gives the time`,
  );
}

/** Warns of jobs that cannot start because of their dependencies: one by one, or in a single line if they are many. */
function warnOfDependencies(
  definitions: JobDefinition[],
  tellsOfUnknown: boolean,
  directories: readonly string[],
  messages: Messages,
): void {
  if (definitions.every(({ needs }) => needs.length === 0)) return;
  const findings = lintDependencies(definitions).filter(({ kind, field }) =>
    field === "needs" && (tellsOfUnknown || kind !== "unknown-name")
  );
  if (findings.length <= MAX_SINGLE || messages.prints("info")) {
    for (const { job, reason } of findings) messages.logOnce("warn", `${job} ${reason}`);
    return;
  }
  const names = findings.slice(0, MAX_SINGLE).map(({ job }) => job).join(", ");
  messages.logOnce(
    "warn",
    `${findings.length} jobs cannot start because of what they need: ${names} ...; ` +
      `\`rouse check ${directories.join(" ")}' tells of each`,
  );
}

function summary(all: LintFinding[], facts: LintFinding[], directories: readonly string[]): string {
  const waiting = new Set(all.map(({ job }) => job)).size;
  const names = facts.slice(0, MAX_SINGLE).map(({ subject }) => subject).join(", ");
  return `${facts.length} jobs that conditions name are not known: ${names} ...; ${waiting} jobs wait for them. ` +
    `\`rouse check ${directories.join(" ")}' tells of each`;
}
