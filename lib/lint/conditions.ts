/** The linter of conditions: finds those about jobs that are not there, events that nobody emits, and halves that stay met. */

import { closest } from "../model/text/closest.ts";
import {
  type EventCondition,
  eventsOf,
  type JobCondition,
  jobOf,
  levelOf,
  WHILE_UP,
} from "../model/condition.ts";
import { EMITTED_EVENTS, RUNLEVEL_EVENT, SESSION_EVENT } from "../model/init_events.ts";
import type { JobDefinition } from "../model/job.ts";
import { isOwnStart, whyNever } from "./impossible_events.ts";
import { KnownEvents, KnownJobs } from "./known_names.ts";

const KINDS = [
  "unknown-job",
  "unknown-event",
  "no-runlevel",
  "half-stays-met",
  "half-blocks-job",
  "any-end",
  "never-comes",
] as const;

/**
 * The kinds of findings: a job or an event that is not known, a start that waits for a runlevel which nobody sets, an `and` of
 * which one half stays met, one of which a half blocks a job, a start when a task has ended, however that was, and an event
 * that can never be what is asked for.
 */
export type LintKind = (typeof KINDS)[number];

const ALL_KINDS: ReadonlySet<LintKind> = new Set(KINDS);

/** Something in a condition of a job that can hardly be meant. */
export interface LintFinding {
  kind: LintKind;
  job: string;
  /** The file that defines the job. */
  source: string;
  stanza: "start on" | "stop on";
  /** The job or event that is not known. Findings of one kind about the same subject are one fact. */
  subject: string;
  /** A sentence that reads on behind the file's name. */
  reason: string;
}

const KNOWN_EVENTS = [...EMITTED_EVENTS, SESSION_EVENT];

/**
 * The findings in the conditions of jobs. There may be thousands, so nothing is made for kinds that are not asked for.
 * @param definitions All jobs that there are.
 */
export function lintConditions(
  definitions: Iterable<JobDefinition>,
  kinds: ReadonlySet<LintKind> = ALL_KINDS,
): LintFinding[] {
  if (kinds.size === 0) return [];
  const all = [...definitions];
  const names = namesOf(all);
  const findings: LintFinding[] = [];
  const found: ConditionFinding[] = [];
  const lint = (
    definition: JobDefinition,
    stanza: LintFinding["stanza"],
    condition?: JobCondition,
  ) => {
    if (!condition) return;
    const { name: job, source } = definition;
    findUnknown(condition, stanza, names, kinds, found);
    if (kinds.has("half-stays-met") || kinds.has("half-blocks-job")) {
      findRemembered(condition, names, kinds, found);
    }
    if (kinds.has("any-end") && stanza === "start on") findAnyEnd(condition, names, found);
    if (kinds.has("never-comes")) findImpossible(definition, stanza, condition, names, found);
    for (const { kind, subject = `${job} ${stanza}`, reason } of found) {
      findings.push({ kind, job, source, stanza, subject, reason: `${stanza}: ${reason}` });
    }
    found.length = 0;
  };
  const isRunlevelSet = !kinds.has("no-runlevel") || all.some(setsRunlevel);
  for (const definition of all) {
    lint(definition, "start on", definition.startOn);
    if (!isRunlevelSet) findings.push(...waitForRunlevel(definition));
    lint(definition, "stop on", definition.stopOn);
  }
  return findings;
}

/**
 * Findings with those about the same fact in one: that of the first job, which names the others.
 *
 * @param hint A hint on a finding, as the rest of its sentence.
 */
export function foldFindings(
  findings: Iterable<LintFinding>,
  hint: (finding: LintFinding) => string = () => "",
): LintFinding[] {
  const facts = Map.groupBy(findings, ({ kind, subject }) => `${kind} ${subject}`);
  return Array.from(facts.values(), (same) => {
    const first = same[0]!;
    const others = new Set(same.map(({ job }) => job));
    others.delete(first.job);
    const wait = others.size === 1 ? "waits" : "wait";
    const more = others.size === 0 ? "" : `; ${listed([...others])} ${wait} for it, too`;
    return { ...first, reason: first.reason + hint(first) + more };
  });
}

/** Names in a sentence, or the first of them where they are many. */
function listed(names: readonly string[]): string {
  const shown = names.length > MOST_NAMES
    ? [...names.slice(0, MOST_NAMES), `${names.length - MOST_NAMES} more`]
    : names;
  return shown.length < 2 ? shown.join() : `${shown.slice(0, -1).join(", ")} and ${shown.at(-1)}`;
}

/** So many names stand in a sentence. */
const MOST_NAMES = 20;

/** The condition that may have been meant by one with a name that is not known; undefined when none is near. */
export function suggestion(
  { kind, subject }: LintFinding,
  definitions: readonly JobDefinition[],
): string | undefined {
  if (kind !== "unknown-job" && kind !== "unknown-event") return undefined;
  const jobs = definitions.map(({ name }) => name);
  if (kind === "unknown-job") return closest(subject, jobs);
  if (jobs.includes(subject)) return `started ${subject}`;
  return closest(subject, [...KNOWN_EVENTS, ...definitions.flatMap(({ emits }) => emits)]);
}

/** A finding within a condition. Without a subject it is about the condition itself. */
interface ConditionFinding {
  kind: LintKind;
  subject?: string;
  reason: string;
}

/** The names that conditions may refer to. */
interface Names {
  jobs: KnownJobs;
  /** The names that jobs provide. */
  provided: ReadonlySet<string>;
  /** Those that init scripts provide, of which events tell. */
  told: ReadonlySet<string>;
  events: KnownEvents;
  /** The variables that jobs export. */
  exported: ReadonlySet<string>;
}

function namesOf(definitions: readonly JobDefinition[]): Names {
  const tasks = new Map<string, boolean>(), emitted = new Set<string>(), provided = new Set<string>();
  const told = new Set<string>(), exported = new Set<string>();
  for (const { name, task, emits, provides, expect, export: variables } of definitions) {
    tasks.set(name, task);
    for (const variable of variables) exported.add(variable);
    for (const word of provides) provided.add(word);
    if (expect === "script") { for (const word of provides) told.add(word); }
    for (const event of emits) emitted.add(event);
  }
  const events = new KnownEvents(KNOWN_EVENTS, emitted);
  return { jobs: new KnownJobs(tasks), provided, told, events, exported };
}

/** What ends the name of the event that tells of an event whose jobs have failed. */
const FAILED = "/failed";

function isKnownEvent(name: string, events: KnownEvents): boolean {
  return events.has(name) || (name.endsWith(FAILED) && isKnownEvent(name.slice(0, -FAILED.length), events));
}

function findUnknown(
  condition: JobCondition,
  stanza: LintFinding["stanza"],
  names: Names,
  kinds: ReadonlySet<LintKind>,
  found: ConditionFinding[],
): void {
  if (condition.kind !== "event") {
    findUnknown(condition.left, stanza, names, kinds, found);
    findUnknown(condition.right, stanza, names, kinds, found);
    return;
  }
  const event = condition.name;
  if (event === WHILE_UP && stanza === "start on") return findUnknownLevel(condition, names, kinds, found);
  const job = jobOf(condition);
  if (job !== undefined && !names.jobs.has(job) && !names.told.has(job)) {
    const reason = `no job \`${job}' is known, so \`${event} ${job}' never comes`;
    if (kinds.has("unknown-job")) found.push({ kind: "unknown-job", subject: job, reason });
  } else if (kinds.has("unknown-event") && !isKnownEvent(event, names.events)) {
    const reason = saidTwice(condition) ?? levelInStop(condition) ??
      `no job says that it \`emits ${event}', and init does not emit it either`;
    found.push({ kind: "unknown-event", subject: event, reason });
  }
}

/** A job that does not start without a runlevel. */
function waitForRunlevel({ name: job, source, startOn }: JobDefinition): LintFinding[] {
  if (!startOn || !isNeeded(RUNLEVEL_EVENT, startOn)) return [];
  const reason = "start on: in a container, and for a user, nobody sets a runlevel, " +
    "so `runlevel' never comes by itself; wait for `startup' there";
  return [{ kind: "no-runlevel", job, source, stanza: "start on", subject: RUNLEVEL_EVENT, reason }];
}

/** True for a condition that is not met without this event. */
function isNeeded(event: string, condition: JobCondition): boolean {
  if (condition.kind === "event") return condition.name === event;
  const sides = [condition.left, condition.right];
  return condition.kind === "and"
    ? sides.some((side) => isNeeded(event, side))
    : sides.every((side) => isNeeded(event, side));
}

/** True for a job that sets a runlevel, as far as can be seen. */
function setsRunlevel({ emits, processes }: JobDefinition): boolean {
  return emits.includes(RUNLEVEL_EVENT) || Object.values(processes).some((program) => {
    const text = program.kind === "exec" ? program.command : program.kind === "script" ? program.text : "";
    return /\btelinit\b|\bemit\b.*\brunlevel\b/.test(text);
  });
}

/** A condition `while-up` on what is no job is never true. */
function findUnknownLevel(
  condition: EventCondition,
  { jobs, provided }: Names,
  kinds: ReadonlySet<LintKind>,
  found: ConditionFinding[],
): void {
  const subject = levelOf(condition);
  if (subject !== undefined && (jobs.isCalled(subject) || provided.has(subject))) return;
  if (!kinds.has("unknown-job")) return;
  found.push(
    subject === undefined
      ? { kind: "unknown-job", subject: WHILE_UP, reason: `\`${WHILE_UP}' takes the name of one job` }
      : { kind: "unknown-job", subject, reason: `no job \`${subject}' is known, so it is never up` },
  );
}

/** `stop on stop on X` waits for an event `stop`, which is never meant. */
function saidTwice({ name, matches }: EventCondition): string | undefined {
  const [on, ...others] = matches.map(({ key, value }) => key === undefined ? value : `${key}=${value}`);
  if (name !== "start" && name !== "stop" || on !== "on") return undefined;
  return `the words \`${name} on' are taken for an event \`${name}'; did you mean \`${name} on ${
    others.join(" ")
  }'?`;
}

/** Levels start jobs. */
function levelInStop({ name }: EventCondition): string | undefined {
  return name === WHILE_UP ? `\`${WHILE_UP}' has a meaning in \`start on' alone` : undefined;
}

/** The variables of `stopped' that tell how a job has ended. */
const RESULTS = /^(RESULT|PROCESS|EXIT_STATUS|EXIT_SIGNAL)$/;

/** Finds the ends of tasks that count also where the task has failed: who waits for a task wants it done. */
function findAnyEnd(condition: JobCondition, names: Names, found: ConditionFinding[]): void {
  for (const event of eventsOf(condition)) {
    const { name, matches } = event;
    // What is compared by its position is the job, the instance and the result.
    const asksForResult = matches.length > 2 || matches.some(({ key }) => RESULTS.test(key ?? ""));
    if (name !== "stopped" || asksForResult || !isEndOfTask(event, names)) continue;
    const said = `${name} ${jobOf(event)}`;
    const reason =
      `\`${said}' comes also when the task has failed, or was stopped; write \`${said} RESULT=ok', ` +
      "or name what has to have happened (EXIT_STATUS, EXIT_SIGNAL) where that is meant";
    found.push({ kind: "any-end", reason });
  }
}

/** Finds events that can never be what is asked for. */
function findImpossible(
  definition: JobDefinition,
  stanza: LintFinding["stanza"],
  condition: JobCondition,
  { exported }: Names,
  found: ConditionFinding[],
): void {
  for (const event of eventsOf(condition)) {
    const reason = stanza === "start on" && isOwnStart(event, definition)
      ? `${said(event)} comes when the job itself is started, so that starts nothing`
      : whyNever(event, exported);
    if (reason !== undefined) found.push({ kind: "never-comes", reason });
  }
}

/**
 * Finds the `and`s of which one half stays met or holds a job up, each kind in one sentence: an `and` remembers each half
 * until both have been met.
 */
function findRemembered(
  condition: JobCondition,
  names: Names,
  kinds: ReadonlySet<LintKind>,
  found: ConditionFinding[],
): void {
  const events = joined(condition);
  const lasting = events.filter((event) =>
    event.name === "started" || event.name === "stopped" && !isEndOfTask(event, names)
  );
  if (kinds.has("half-stays-met") && lasting.length > 0) {
    found.push({ kind: "half-stays-met", reason: halfStaysMet(lasting) });
  }
  const blocking = events.filter(({ name }) => name === "starting" || name === "stopping");
  if (kinds.has("half-blocks-job") && blocking.length > 0) {
    found.push({ kind: "half-blocks-job", reason: halfBlocksJob(blocking) });
  }
}

/** True for `stopped TASK`: that a task has been done stays true. */
function isEndOfTask(event: EventCondition, names: Names): boolean {
  const job = jobOf(event);
  return job !== undefined && names.jobs.isTask(job);
}

/** The events of a condition that stand within an `and`. */
function joined(condition: JobCondition): EventCondition[] {
  if (condition.kind === "event") return [];
  if (condition.kind === "and") return eventsOf(condition);
  return [...joined(condition.left), ...joined(condition.right)];
}

function halfStaysMet(events: EventCondition[]): string {
  const [only, ...others] = events;
  const opposite = only!.name === "started" ? "stopped" : "started";
  return others.length === 0
    ? `${said(only!)} within an \`and' stays met, also when ${
      job(only!)
    } is ${opposite} again in the meantime`
    : `${
      saidAll(events)
    } within an \`and' stay met, each also when its job is stopped or started again in the meantime`;
}

function halfBlocksJob(events: EventCondition[]): string {
  const [only, ...others] = events;
  return others.length === 0
    ? `${said(only!)} within an \`and' holds ${job(only!)} up until the other half has been met, too`
    : `${saidAll(events)} within an \`and' hold their jobs up until the other half has been met, too`;
}

function said(event: EventCondition): string {
  return `\`${[event.name, jobOf(event) ?? []].flat().join(" ")}'`;
}

function saidAll(events: EventCondition[]): string {
  return listed([...new Set(events.map(said))]);
}

function job(event: EventCondition): string {
  const name = jobOf(event);
  return name === undefined ? "the job" : `\`${name}'`;
}
