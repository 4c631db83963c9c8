/** Job definitions for tests, in few words. */

import type { Condition, Match } from "../../model/condition.ts";
import { emptyJob, type JobDefinition, type ProcessName } from "../../model/job.ts";

/** What a test says of a job: the fields of a definition, conditions also as text. */
export type Fields = Partial<Omit<JobDefinition, "name" | "startOn" | "stopOn" | "processes">> & {
  startOn?: Condition | string;
  stopOn?: Condition | string;
  /** The processes that the job has; main alone if absent. */
  runs?: ProcessName[];
};

/** A job's definition out of its name and what is special about it. */
export function job(name: string, fields: Fields = {}): JobDefinition {
  const { startOn, stopOn, runs = ["main"], ...rest } = fields;
  return {
    ...emptyJob(name, `${name}.conf`),
    ...rest,
    ...(startOn !== undefined && { startOn: on(startOn) }),
    ...(stopOn !== undefined && { stopOn: on(stopOn) }),
    processes: Object.fromEntries(runs.map((process) => [process, { kind: "exec", command: process }])),
  };
}

/** The condition of one event, written as in init(5): `started JOB=web`, `link DEV!=lo`, `disk sda`. */
export function on(condition: Condition | string): Condition {
  if (typeof condition !== "string") return condition;
  const [name = "", ...words] = condition.split(" ");
  return { kind: "event", name, matches: words.map(match) };
}

/** True when both have happened. */
export function and(left: Condition | string, right: Condition | string): Condition {
  return { kind: "and", left: on(left), right: on(right) };
}

/** True when either has happened. */
export function or(left: Condition | string, right: Condition | string): Condition {
  return { kind: "or", left: on(left), right: on(right) };
}

function match(word: string): Match {
  const parts = /^(\w+)(!?)=(.*)$/.exec(word);
  if (!parts) return { value: word };
  const [, key = "", negated, value = ""] = parts;
  return { key, value, ...(negated && { negated: true }) };
}
