/** Builders of job definitions and conditions for tests. */

import type { JobCondition, Match } from "../../model/condition.ts";
import { emptyJob, type JobDefinition, type ProcessName } from "../../model/job.ts";

/** The fields of a definition that a test sets. Conditions may be text. */
export type Fields = Partial<Omit<JobDefinition, "name" | "startOn" | "stopOn" | "processes">> & {
  startOn?: JobCondition | string;
  stopOn?: JobCondition | string;
  /** The processes that the job has; main alone if absent. */
  runs?: ProcessName[];
};

/** The definition of a job with these fields, and the defaults of its semantics. */
export function job(name: string, fields: Fields = {}): JobDefinition {
  const { startOn, stopOn, runs = ["main"], ...rest } = fields;
  const { semantics, endsInit } = rest;
  return {
    ...emptyJob(name, `${name}.conf`, { ...(semantics && { semantics }), ...(endsInit && { endsInit }) }),
    ...rest,
    ...(startOn !== undefined && { startOn: on(startOn) }),
    ...(stopOn !== undefined && { stopOn: on(stopOn) }),
    processes: Object.fromEntries(runs.map((process) => [process, { kind: "exec", command: process }])),
  };
}

/** The condition of one event, written as in init(5): `started JOB=web`, `link DEV!=lo`, `disk sda`. */
export function on(condition: JobCondition | string): JobCondition {
  if (typeof condition !== "string") return condition;
  const [name = "", ...words] = condition.split(" ");
  return { kind: "event", name, matches: words.map(match) };
}

/** True when both have happened. */
export function and(left: JobCondition | string, right: JobCondition | string): JobCondition {
  return { kind: "and", left: on(left), right: on(right) };
}

/** True when either has happened. */
export function or(left: JobCondition | string, right: JobCondition | string): JobCondition {
  return { kind: "or", left: on(left), right: on(right) };
}

function match(word: string): Match {
  const parts = /^(\w+)(!?)=(.*)$/.exec(word);
  if (!parts) return { value: word };
  const [, key = "", negated, value = ""] = parts;
  return { key, value, ...(negated && { negated: true }) };
}
