/**
 * What users other than root and init's own may read of what has happened: no values of variables, no command lines, no
 * messages, and nothing of files that they may not be able to read.
 */

import type { Asker, Cause, JournalRecord } from "../../model/insight/journal.ts";
import type { InstanceReport, JobReport, Report } from "../../model/insight/report.ts";

/** Variables without their values, as signals have them. */
export function namesOf(environment: readonly string[]): string[] {
  return environment.map((pair) => pair.slice(0, pair.indexOf("=") + 1));
}

function asker({ pid, uid }: Asker): Asker {
  return { pid, uid };
}

function cause(cause: Cause): Cause {
  switch (cause.by) {
    case "event":
      return { ...cause, environment: namesOf(cause.environment) };
    case "request":
      return { by: "request", ...(cause.asker && { asker: asker(cause.asker) }) };
    default:
      return cause;
  }
}

/** A record as others may read it; undefined for one that they may not. */
export function recordForOthers(record: JournalRecord): JournalRecord | undefined {
  switch (record.kind) {
    case "message":
      return undefined;
    case "request": {
      const { error: _, ...rest } = record;
      return { ...rest, asker: asker(record.asker) };
    }
    case "event":
      return { ...record, environment: namesOf(record.environment), cause: cause(record.cause) };
    case "event-over":
      return { ...record, environment: namesOf(record.environment) };
    case "goal":
      return { ...record, cause: cause(record.cause) };
    default:
      return record;
  }
}

function instanceForOthers(instance: InstanceReport): InstanceReport {
  const { started, stopped, checks } = instance;
  return {
    ...instance,
    ...(started && { started: { ...started, cause: cause(started.cause) } }),
    ...(stopped && { stopped: { ...stopped, cause: cause(stopped.cause) } }),
    checks: checks.map((check) => ({ ...check, what: check.kind })),
  };
}

function jobForOthers({ problem: _, ...job }: JobReport): JobReport {
  return {
    ...job,
    instances: job.instances.map(instanceForOthers),
    past: job.past.map(instanceForOthers),
  };
}

/** A report as others may read it. */
export function reportForOthers(report: Report): Report {
  return {
    ...report,
    jobs: report.jobs.map(jobForOthers),
    broken: report.broken.map(({ job }) => ({ job, problem: "" })),
  };
}
