/** Who could emit an event that a condition waits for. */

import { matchesPattern } from "../../engine/conditions/pattern.ts";
import type { LoadedJob } from "../../engine/loaded_job.ts";
import { UP } from "../../engine/states.ts";
import { EVENT_SOURCES, KNOWN_EVENTS } from "../../author/known_events.ts";
import { type EventCondition, JOB_EVENTS, jobOf } from "../../model/condition.ts";
import type { Environment } from "../../model/environment.ts";
import { expand, ExpansionError } from "../../model/expand.ts";
import { EMITTED_EVENTS, RC_EVENTS, RUNLEVEL_EVENT, SESSION_EVENT } from "../../model/init_events.ts";
import { closest } from "../../model/text/closest.ts";
import type { Emitter } from "./emitters.ts";
import type { Facts } from "./facts.ts";
import { jobReason, type Path, upInWords } from "./jobs.ts";
import { listed, reason, type ReasonNode } from "./reason.ts";

/** Who could emit an event. */
interface Sources {
  reasons: ReasonNode[];
  /** False where nothing that is known emits it, or what does never will as things are. */
  isPossible: boolean;
}

/** Who could emit the event of a condition's leaf. `variables`: those that its values may refer to. */
export function sourcesOf(
  facts: Facts,
  leaf: EventCondition,
  variables: Environment,
  path: Path,
): Sources {
  const unset = unsetVariable(leaf, variables);
  if (unset !== undefined) {
    return { reasons: [reason("source", `$${unset} is not set, so no event matches`)], isPossible: false };
  }
  const subject = jobOf(leaf);
  if (subject !== undefined) return jobSources(facts, leaf.name, expand(subject, variables), path);
  if (leaf.name.endsWith(FAILED)) return failedSources(facts, leaf, variables, path);
  return INITS[leaf.name]?.(facts, leaf) ?? foreignSources(facts, leaf.name, path);
}

/** What ends the name of the event that tells of an event whose jobs have failed. */
const FAILED = "/failed";

function failedSources(facts: Facts, leaf: EventCondition, variables: Environment, path: Path): Sources {
  const name = leaf.name.slice(0, -FAILED.length);
  const { reasons, isPossible } = sourcesOf(facts, { ...leaf, name }, variables, path);
  const text = `it comes when a job fails that the event ${name} has started or stopped`;
  return { reasons: [reason("source", text, {}, reasons)], isPossible };
}

/** The first variable that a leaf refers to and that is not set. */
function unsetVariable({ matches }: EventCondition, variables: Environment): string | undefined {
  for (const { value, negated } of matches) {
    if (negated) continue;
    try {
      expand(value, variables);
    } catch (error) {
      if (!(error instanceof ExpansionError)) throw error;
      return /^Unknown parameter: (.*)$/s.exec(error.message)?.[1] ?? value;
    }
  }
  return undefined;
}

/** The events that init emits of jobs. */
function jobSources(facts: Facts, event: string, pattern: string, path: Path): Sources {
  const jobs = jobsMeant(facts, pattern);
  if (jobs.length === 0) {
    const hint = closestHint(pattern, facts.engine.jobs.keys());
    const text = `no job ${pattern} is known, so it never comes${hint}`;
    return { reasons: [reason("source", text, { job: pattern })], isPossible: false };
  }
  const reasons = listed(jobs, (job) => jobSource(facts, event, job, path), "jobs", 3);
  return { reasons, isPossible: reasons.some((one) => !one.isHopeless) };
}

/** The jobs that a condition on a job's event means: of init scripts, their names in headers count, too. */
function jobsMeant({ engine }: Facts, pattern: string): LoadedJob[] {
  const named = engine.jobs.get(pattern);
  if (named) return [named];
  return Array.from(engine.jobs.values()).filter(({ name, definition: { expect, provides } }) =>
    matchesPattern(pattern, name) || expect === "script" && provides.includes(pattern)
  );
}

/** When a job's event comes that has not come yet. */
function jobSource(facts: Facts, event: string, job: LoadedJob, path: Path): ReasonNode {
  const isThere = job.instances.size > 0;
  const up = Array.from(job.instances.values()).find(({ state }) => UP.has(state));
  const isEnd = event === "stopping" || event === "stopped";
  if (isEnd && up) {
    return reason("source", `${job.name} ${upInWords(facts, up)}: it comes when that ends`, {
      job: job.name,
    });
  }
  if (!isEnd && up) {
    return reason(
      "source",
      `${job.name} ${upInWords(facts, up)} already: it comes when that is started again`,
      { job: job.name, instance: up.name },
    );
  }
  const because = jobReason(facts, job, path);
  return isEnd && !isThere
    ? {
      ...because,
      text: `${because.text}: it cannot ${event === "stopped" ? "end" : "stop"} before it runs`,
    }
    : because;
}

/** Events that init emits by itself, or one of its programs. */
const INITS: Readonly<Record<string, (facts: Facts, leaf: EventCondition) => Sources>> = {
  "control-alt-delete": () => source("the kernel has init emit it when Ctrl, Alt and Delete are pressed"),
  "keyboard-request": () => source("the kernel has init emit it when Alt and Up are pressed"),
  "power-status-changed": () => source("init emits it on SIGPWR, which a monitor of the power supply sends"),
  [SESSION_EVENT]: () => source("a user's init emits it as the session ends"),
  [RUNLEVEL_EVENT]: runlevelSources,
  [RC_EVENTS.prepare]: runlevelSources,
  [RC_EVENTS.start]: runlevelSources,
  [RC_EVENTS.stop]: runlevelSources,
  ...Object.fromEntries(
    ["unhealthy", "healthy", "gave-up", ...JOB_EVENTS].map((
      name,
    ) => [name, () => source("init emits it of jobs")]),
  ),
};

function source(text: string): Sources {
  return { reasons: [reason("source", text)], isPossible: true };
}

/** Events that come with a change of the runlevel. */
function runlevelSources({ runlevel, engine, emitters }: Facts): Sources {
  if (runlevel !== undefined) {
    return source(`the present runlevel is ${runlevel}; it comes when telinit or shutdown changes that`);
  }
  if (engine.endsWithRunlevel) return source("no runlevel has been entered yet; telinit enters one");
  const [emitter] = emitters.of(RUNLEVEL_EVENT), telinit = emitters.runs("telinit");
  const job = emitter?.job ?? telinit;
  if (job !== undefined) return source(`no runlevel has been entered yet; the job ${job} enters one`);
  return {
    reasons: [
      reason("source", "nobody sets a runlevel here: `telinit 2' does it by hand; wait for startup instead"),
    ],
    isPossible: false,
  };
}

/** Of an event that nothing emits. */
export const NOBODY = "nothing here emits it";

/** Events that come from outside of init: from jobs' programs, bridges, or people. */
function foreignSources(facts: Facts, event: string, path: Path): Sources {
  const { emitters } = facts;
  const known = emitters.of(event);
  if (known.length > 0) {
    const reasons = listed(known, (one) => emitterReason(facts, one, path), "jobs", 3);
    return { reasons, isPossible: reasons.some((one) => !one.isHopeless) };
  }
  const program = Object.hasOwn(EVENT_SOURCES, event) ? EVENT_SOURCES[event]! : undefined;
  const job = program && emitters.runs(program.replace(/\(\d\)$/, ""));
  if (job) return source(`${program} emits it, which the job ${job} runs`);
  const byHand = facts.eventsCalled(event).length > 0;
  const elsewhere = program ? `; where Upstart was at home, ${program} did` : "";
  const names = [...EMITTED_EVENTS, ...emitters.names, ...facts.eventNames, ...Object.keys(KNOWN_EVENTS)];
  const hint = facts.engine.jobs.has(event)
    ? `; did you mean \`started ${event}'?`
    : closestHint(event, names);
  const text = byHand ? "no job here emits it" : NOBODY;
  return { reasons: [reason("source", `${text}${elsewhere}${hint}`)], isPossible: byHand };
}

function emitterReason(facts: Facts, { job: name, process }: Emitter, path: Path): ReasonNode {
  const job = facts.engine.jobs.get(name)!;
  const who = process === undefined
    ? `${name} says that it emits it`
    : process === "module"
    ? `a function of ${name} emits it`
    : `the ${process} process of ${name} emits it`;
  const because = jobReason(facts, job, path),
    isHopeless = because.isHopeless && { isHopeless: true as const };
  return reason("source", who, { job: name, ...isHopeless }, [because]);
}

/** The nearest known name, as the end of a sentence; empty when none is near. */
export function closestHint(name: string, known: Iterable<string>): string {
  const near = closest(name, known);
  return near === undefined || near === name ? "" : `; did you mean \`${near}'?`;
}
