/** Conditions that can hardly mean what they say: about jobs that are not there, events that nobody emits, halves that stay met. */

import type { Condition, EventCondition, Match } from "../model/condition.ts";
import type { JobDefinition } from "../model/job.ts";
import { matchesPattern } from "./pattern.ts";

/** What is doubtful: a job of that name is not known, nor an event; or an `and` whose half stays met, or holds up a job. */
export type DoubtKind = "unknown-job" | "unknown-event" | "kept-half" | "held-job";

/** A doubt about a job's condition. */
export interface Doubt {
  kind: DoubtKind;
  job: string;
  /** The file that defines the job. */
  source: string;
  stanza: "start on" | "stop on";
  /** A sentence that reads on behind the file's name. */
  reason: string;
}

/** Events that init emits about jobs. */
const JOB_EVENTS = ["starting", "started", "stopping", "stopped"];

/** Events that init, or the programs that come with it, emit by themselves. */
const INIT_EVENTS = [
  "startup",
  "runlevel",
  "session-end",
  "control-alt-delete",
  "keyboard-request",
  "power-status-changed",
  ...JOB_EVENTS,
];

/** What makes a text a pattern. */
const SPECIAL = /[*?[\\]/;

/** All doubts about these jobs, which are all that there are. */
export function findDoubts(definitions: Iterable<JobDefinition>): Doubt[] {
  const all = [...definitions];
  const jobs = new Set(all.map(({ name }) => name));
  const events = new Set([...INIT_EVENTS, ...all.flatMap(({ emits }) => emits)]);
  const patterns = Array.from(events).filter((event) => SPECIAL.test(event));
  const isJob = (pattern: string) =>
    pattern.includes("$") || jobs.has(pattern) ||
    (SPECIAL.test(pattern) && jobs.values().some((name) => matchesPattern(pattern, name)));
  const isEvent = (name: string): boolean =>
    events.has(name) || patterns.some((pattern) => matchesPattern(pattern, name)) ||
    (name.endsWith("/failed") && isEvent(name.slice(0, -"/failed".length)));
  return conditionsOf(all).flatMap(([place, condition]) =>
    [
      ...eventsOf(condition).flatMap((event) => unknown(event, isJob, isEvent)),
      ...joins(condition),
    ].map((doubt) => ({ ...place, ...doubt, reason: `${place.stanza}: ${doubt.reason}` }))
  );
}

/** A doubt whose place is not filled in yet. */
type Found = Pick<Doubt, "kind" | "reason">;

type Place = Pick<Doubt, "job" | "source" | "stanza">;

function conditionsOf(definitions: JobDefinition[]): Array<[Place, Condition]> {
  return definitions.flatMap(({ name, source, startOn, stopOn }) => {
    const place = { job: name, source };
    const found: Array<[Place, Condition]> = [];
    if (startOn) found.push([{ ...place, stanza: "start on" }, startOn]);
    if (stopOn) found.push([{ ...place, stanza: "stop on" }, stopOn]);
    return found;
  });
}

function eventsOf(condition: Condition): EventCondition[] {
  return condition.kind === "event"
    ? [condition]
    : [...eventsOf(condition.left), ...eventsOf(condition.right)];
}

/** The comparison of a job's event that names the job. */
function jobMatch({ name, matches }: EventCondition): Match | undefined {
  if (!JOB_EVENTS.includes(name)) return undefined;
  const found = matches.find(({ key }, index) => key === "JOB" || (index === 0 && key === undefined));
  return found?.negated ? undefined : found;
}

function unknown(
  event: EventCondition,
  isJob: (pattern: string) => boolean,
  isEvent: (name: string) => boolean,
): Found[] {
  const job = jobMatch(event)?.value;
  if (job !== undefined && !isJob(job)) {
    return [{
      kind: "unknown-job",
      reason: `no job \`${job}' is known, so \`${event.name} ${job}' never comes`,
    }];
  }
  if (isEvent(event.name)) return [];
  return [{
    kind: "unknown-event",
    reason: `no job says that it \`emits ${event.name}', and init does not emit it either`,
  }];
}

/** What is doubtful about the `and`s of a condition. An `and` remembers each half until both have been met. */
function joins(condition: Condition): Found[] {
  if (condition.kind === "event") return [];
  const below = [...joins(condition.left), ...joins(condition.right)];
  if (condition.kind === "or") return below;
  return [...below, ...[condition.left, condition.right].flatMap(eventsOf).flatMap(remembered)];
}

function remembered(event: EventCondition): Found[] {
  const job = jobMatch(event)?.value;
  const subject = job === undefined ? "the job" : `\`${job}'`;
  const text = job === undefined ? event.name : `${event.name} ${job}`;
  if (event.name === "starting" || event.name === "stopping") {
    return [{
      kind: "held-job",
      reason: `\`${text}' within an \`and' holds ${subject} up until the other half has been met, too`,
    }];
  }
  if (event.name !== "started" && event.name !== "stopped") return [];
  const opposite = event.name === "started" ? "stopped" : "started";
  return [{
    kind: "kept-half",
    reason:
      `\`${text}' within an \`and' stays met, also when ${subject} is ${opposite} again in the meantime`,
  }];
}
