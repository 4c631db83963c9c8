/** Conditions as trees: which of their events have come, which are missing, and who could emit these. */

import { Matcher } from "../../engine/conditions/matcher.ts";
import { graphOf } from "../../engine/dependencies/waits.ts";
import { Event } from "../../engine/events/event.ts";
import { type EventCondition, type JobCondition, levelOf } from "../../model/condition.ts";
import { type Environment, environment } from "../../model/environment.ts";
import type { EventRecord, Facts } from "./facts.ts";
import { arrival } from "./history.ts";
import { jobReason, type Path } from "./jobs.ts";
import { reason, type ReasonNode } from "./reason.ts";
import { closestHint, sourcesOf } from "./sources.ts";
import { howLongAgo } from "../words.ts";
import { leafInWords, shortened } from "./words.ts";

/** A condition with what it has taken so far. */
interface Progress {
  facts: Facts;
  taken: ReadonlyArray<Event | undefined>;
  up: ReadonlySet<number>;
  /** What values may refer to. */
  variables: Environment;
  path: Path;
  /** The index of the next leaf. */
  next: number;
}

/**
 * A whole condition as a reason, with who could emit the events that are missing.
 *
 * @param variables Those that its values may refer to.
 */
export function conditionReason(
  facts: Facts,
  kind: "start-on" | "stop-on",
  matcher: Matcher,
  path: Path,
  variables = matcher.variables,
): ReasonNode {
  const { taken, up, condition } = matcher;
  const tree = partReason({ facts, taken, up: new Set(up), variables, path, next: 0 }, condition);
  const text = condition.kind === "event" ? ` ${tree.text}` : `: ${tree.text}`;
  return { ...tree, kind, text: STANZAS[kind] + text };
}

const STANZAS = { "start-on": "start on", "stop-on": "stop on" };

/** A condition that nothing has happened of yet, in one line. */
export function conditionInWords(condition: JobCondition): string {
  if (condition.kind === "event") return levelInWords(condition) ?? leafInWords(condition);
  const { kind } = condition;
  const words = sides(condition, kind).map((side) =>
    side.kind === "event" ? conditionInWords(side) : `(${conditionInWords(side)})`
  );
  return shortened(words.join(` ${kind} `), LONGEST_CONDITION);
}

const LONGEST_CONDITION = 200;

function levelInWords(leaf: EventCondition): string | undefined {
  const level = levelOf(leaf);
  return level === undefined ? undefined : `while ${level} is up`;
}

/** What of a condition has yet to come, each in a few words. */
export function missingParts(one: ReasonNode): ReasonNode[] {
  const isJoined = one.reasons.some(({ kind }) => PARTS.includes(kind)) && one.event === undefined;
  if (isJoined) return one.reasons.flatMap(missingParts);
  return one.isMet === false ? [one] : [];
}

const PARTS: ReadonlyArray<ReasonNode["kind"]> = ["and", "or", "event", "level"];

function partReason(progress: Progress, condition: JobCondition): ReasonNode {
  if (condition.kind === "event") return leafReason(progress, condition);
  const parts = sides(condition, condition.kind).map((side) => partReason(progress, side));
  const isAnd = condition.kind === "and";
  const isMet = isAnd ? parts.every((part) => part.isMet) : parts.some((part) => part.isMet);
  const isHopeless = !isMet &&
    (isAnd ? parts.some((part) => part.isHopeless) : parts.every((part) => part.isHopeless));
  return reason(condition.kind, isAnd ? "all of these" : "one of these", {
    isMet,
    ...(isHopeless && { isHopeless: true as const }),
  }, parts);
}

/** The parts of a condition that one operator joins, however they are nested. */
function sides(condition: JobCondition, kind: "and" | "or"): JobCondition[] {
  if (condition.kind !== kind) return [condition];
  return [...sides(condition.left, kind), ...sides(condition.right, kind)];
}

function leafReason(progress: Progress, leaf: EventCondition): ReasonNode {
  const index = progress.next++, { facts, taken, up } = progress;
  const level = levelOf(leaf);
  if (level !== undefined) return levelReason(progress, level, up.has(index));
  const event = taken[index];
  return event ? takenReason(facts, leaf, event) : missingReason(progress, leaf);
}

/** An event that has come. */
function takenReason(facts: Facts, leaf: EventCondition, event: Event): ReasonNode {
  const record = facts.recordOf(event), pairs = event.environment.pairs();
  const came = record ? ` ${arrival(facts, record.at, record.cause)}` : cameFrom(event);
  return reason("event", `${leafInWords(leaf)}: it came${came}`, {
    isMet: true,
    event: event.name,
    environment: pairs,
    ...(record && { at: record.at }),
  });
}

function cameFrom({ cause }: Event): string {
  return cause ? ` from ${cause.job.name}` : "";
}

/** An event that has not come. */
function missingReason({ facts, variables, path }: Progress, leaf: EventCondition): ReasonNode {
  if (leaf.name === ONCE) return onceReason(facts, leaf, path);
  const { reasons, isPossible } = sourcesOf(facts, leaf, variables, path);
  const isKnown = hasStarted(facts, path, leaf.name);
  return reason("event", `${leafInWords(leaf)}: it has not come${isKnown ? " again" : ""}`, {
    isMet: false,
    event: leaf.name,
    ...(!isPossible && { isHopeless: true as const }),
  }, [...reasons, ...(isKnown ? [] : lastReason(facts, leaf, variables))]);
}

/** The event that init emits once. */
export const ONCE = "startup";

/** Of the event that comes once there is nothing more to tell than whether it has been this job's start. */
function onceReason(facts: Facts, leaf: EventCondition, path: Path): ReasonNode {
  const last = facts.eventsCalled(ONCE).at(-1);
  const ago = last ? `, ${howLongAgo(last.at, facts.now)}` : "";
  const what = hasStarted(facts, path, ONCE) ? `, and has started it${ago}` : `, as init begins${ago}`;
  return reason("event", `${leafInWords(leaf)}: it comes only once${what}`, {
    isMet: false,
    event: ONCE,
    isHopeless: true,
    ...(last && { at: last.at }),
  });
}

/** Whether it was an event of this name that has started the job whose reasons are told. */
function hasStarted(facts: Facts, path: Path, event: string): boolean {
  const [run] = facts.job(path.at(-1) ?? "")?.past ?? [];
  return run?.started?.cause.by === "event" && run.started.cause.event === event;
}

/** The last event of that name that has come, and does not count. */
function lastReason(facts: Facts, leaf: EventCondition, variables: Environment): ReasonNode[] {
  const records = facts.eventsCalled(leaf.name);
  const matches = matcherOf(leaf);
  const fitting = records.findLast((record) => matches.wouldTake(eventOf(record), variables));
  if (fitting) {
    const when = arrival(facts, fitting.at, fitting.cause);
    return [
      reason("note", `the last one came ${when}: what has gone by does not count`, {
        event: fitting.event,
        environment: fitting.environment,
        at: fitting.at,
      }),
    ];
  }
  const last = records.at(-1);
  if (!last || leaf.name === "runlevel") return [];
  // Of job events, those of other jobs say nothing.
  const [subject] = leaf.matches;
  const isAboutOthers = subject && !last.environment.some((pair) => pair.endsWith(`=${subject.value}`));
  if (isAboutOthers && last.environment.some((pair) => pair.startsWith("JOB="))) return [];
  const pairs = last.environment.join(" ");
  return [
    reason("note", `the last ${leaf.name} came with ${pairs || "no variables"}, which does not match`, {
      event: last.event,
      environment: last.environment,
      at: last.at,
    }),
  ];
}

function matcherOf(leaf: EventCondition): Matcher {
  return new Matcher(leaf, () => {});
}

function eventOf({ event, environment: pairs }: EventRecord): Event {
  return new Event(event, environment(pairs));
}

/** `while-up NAME`. */
function levelReason({ facts, path }: Progress, name: string, isMet: boolean): ReasonNode {
  const text = `while ${name} is up`;
  if (isMet) return reason("level", `${text}: it is`, { isMet, job: name });
  const jobs = graphOf(facts.engine).targetsOf(name).flatMap((target) => facts.engine.jobs.get(target) ?? []);
  if (jobs.length > 0) {
    const reasons = jobs.map((job) => jobReason(facts, job, path));
    const isHopeless = reasons.every((one) => one.isHopeless);
    return reason(
      "level",
      `${text}: it is not`,
      { isMet, job: name, ...(isHopeless && { isHopeless }) },
      reasons,
    );
  }
  const hint = closestHint(name, graphOf(facts.engine).names);
  return reason("level", `${text}: no job has that name or provides it${hint}`, {
    isMet,
    isHopeless: true,
    job: name,
  });
}
