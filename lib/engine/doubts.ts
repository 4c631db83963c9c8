/** Conditions that can hardly mean what they say: about jobs that are not there, events that nobody emits, halves that stay met. */

import type { Condition, EventCondition, Match } from "../model/condition.ts";
import type { JobDefinition } from "../model/job.ts";
import { matchesPattern } from "./pattern.ts";

/** What is doubtful: a job of that name is not known, nor an event; or an `and` whose half stays met, or holds up a job. */
export type DoubtKind = "unknown-job" | "unknown-event" | "kept-half" | "held-job";

const ALL_KINDS: ReadonlySet<DoubtKind> = new Set(["unknown-job", "unknown-event", "kept-half", "held-job"]);

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
const JOB_EVENTS = new Set(["starting", "started", "stopping", "stopped"]);

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

/**
 * The doubts of these kinds about these jobs, which are all that there are. Thousands of jobs may be doubted at once, so
 * nothing is made for what is not asked for.
 */
export function findDoubts(
  definitions: Iterable<JobDefinition>,
  kinds: ReadonlySet<DoubtKind> = ALL_KINDS,
): Doubt[] {
  const all = [...definitions];
  const names = new Names(all);
  const doubts: Doubt[] = [];
  const found: Found[] = [];
  const doubt = ({ name: job, source }: JobDefinition, stanza: Doubt["stanza"], condition?: Condition) => {
    if (!condition) return;
    findUnknown(condition, names, kinds, found);
    if (kinds.has("kept-half") || kinds.has("held-job")) findRemembered(condition, kinds, found);
    for (const { kind, reason } of found) {
      doubts.push({ kind, job, source, stanza, reason: `${stanza}: ${reason}` });
    }
    found.length = 0;
  };
  for (const definition of all) {
    doubt(definition, "start on", definition.startOn);
    doubt(definition, "stop on", definition.stopOn);
  }
  return doubts;
}

/** A doubt whose place is not filled in yet. */
type Found = Pick<Doubt, "kind" | "reason">;

/** The jobs and events that are known. */
class Names {
  readonly #jobs = new Set<string>();
  readonly #events = new Set(INIT_EVENTS);
  readonly #patterns: string[];

  constructor(definitions: JobDefinition[]) {
    for (const { name, emits } of definitions) {
      this.#jobs.add(name);
      for (const event of emits) this.#events.add(event);
    }
    this.#patterns = Array.from(this.#events).filter((event) => SPECIAL.test(event));
  }

  isJob(pattern: string): boolean {
    return this.#jobs.has(pattern) || pattern.includes("$") ||
      (SPECIAL.test(pattern) && this.#jobs.values().some((name) => matchesPattern(pattern, name)));
  }

  isEvent(name: string): boolean {
    return this.#events.has(name) || this.#patterns.some((pattern) => matchesPattern(pattern, name)) ||
      (name.endsWith("/failed") && this.isEvent(name.slice(0, -"/failed".length)));
  }
}

function findUnknown(
  condition: Condition,
  names: Names,
  kinds: ReadonlySet<DoubtKind>,
  found: Found[],
): void {
  if (condition.kind !== "event") {
    findUnknown(condition.left, names, kinds, found);
    findUnknown(condition.right, names, kinds, found);
    return;
  }
  const event = condition.name;
  const job = jobMatch(condition)?.value;
  if (job !== undefined && !names.isJob(job)) {
    const reason = `no job \`${job}' is known, so \`${event} ${job}' never comes`;
    if (kinds.has("unknown-job")) found.push({ kind: "unknown-job", reason });
  } else if (kinds.has("unknown-event") && !names.isEvent(event)) {
    const reason = `no job says that it \`emits ${event}', and init does not emit it either`;
    found.push({ kind: "unknown-event", reason });
  }
}

function eventsOf(condition: Condition): EventCondition[] {
  return condition.kind === "event"
    ? [condition]
    : [...eventsOf(condition.left), ...eventsOf(condition.right)];
}

/** The comparison of a job's event that names the job. */
function jobMatch({ name, matches }: EventCondition): Match | undefined {
  if (!JOB_EVENTS.has(name)) return undefined;
  const found = matches.find(({ key }, index) => key === "JOB" || (index === 0 && key === undefined));
  return found?.negated ? undefined : found;
}

/** What is doubtful about the `and`s of a condition. An `and` remembers each half until both have been met. */
function findRemembered(condition: Condition, kinds: ReadonlySet<DoubtKind>, found: Found[]): void {
  if (condition.kind === "event") return;
  findRemembered(condition.left, kinds, found);
  findRemembered(condition.right, kinds, found);
  if (condition.kind === "or") return;
  const doubts = eventsOf(condition).flatMap(remembered);
  found.push(...doubts.filter(({ kind }) => kinds.has(kind)));
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
