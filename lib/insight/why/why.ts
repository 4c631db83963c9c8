/** The answers to `why JOB`: why a job runs, or does not, or does not get on. */

import { nameOfInstance } from "../../engine/instance.ts";
import type { Instance } from "../../engine/instance.ts";
import type { LoadedJob } from "../../engine/loaded_job.ts";
import { UP } from "../../engine/states.ts";
import { ExpansionError } from "../../model/expand.ts";
import { displayName } from "../../model/display_name.ts";
import type { InstanceReport } from "../../model/insight/report.ts";
import { closest } from "../../model/text/closest.ts";
import { printable } from "../../model/text/printable.ts";
import { hasRun } from "../results.ts";
import { conditionInWords, conditionReason, missingParts, ONCE } from "./conditions.ts";
import { dependantReasons, dependencyReasons } from "./dependencies.ts";
import type { Facts } from "./facts.ts";
import { leftBehind } from "./left_behind.ts";
import { lastResult, presentFailure, startReason, stopReason } from "./history.ts";
import { doing, obstacles, type Path, processReason, startConditions, waitersOf, waitsOf } from "./jobs.ts";
import { type Explanation, type JobVerdict, MOST_LISTED, reason, type ReasonNode } from "./reason.ts";
import { NOBODY } from "./sources.ts";
import { named, shortened } from "./words.ts";

/** A question that has no answer. The message is for the user. */
export class NoAnswer extends Error {}

/**
 * Why a job is as it is: of its instance that the variables name, of its first instances without variables (see
 * {@link furtherInstances}), or of the job itself where none is there.
 *
 * @param given `KEY=VALUE` strings.
 * @throws {NoAnswer} when there is no such job, or no such instance.
 */
export function whyJob(facts: Facts, name: string, given: readonly string[] = []): Explanation[] {
  return explain(facts, name, given).map((one) => ({ ...one, summary: printable(one.summary) }));
}

/** The names of those instances of a job that {@link whyJob} leaves out without variables, as there are so many. */
export function furtherInstances({ engine }: Facts, job: string): string[] {
  return Array.from(engine.jobs.get(job)?.instances.keys() ?? []).slice(MOST_LISTED);
}

function explain(facts: Facts, name: string, given: readonly string[]): Explanation[] {
  const job = facts.engine.jobs.get(name);
  if (!job) return [whyNoJob(facts, name)];
  const instances = Array.from(job.instances.values());
  if (given.length === 0) {
    const shown = instances.slice(0, MOST_LISTED).map((instance) => whyInstance(facts, instance));
    return shown.length > 0 ? shown : [whyAbsent(facts, job)];
  }
  const wanted = instanceNamed(facts, job, given), instance = job.instances.get(wanted);
  return [instance ? whyInstance(facts, instance) : whyAbsent(facts, job, wanted)];
}

function instanceNamed({ engine }: Facts, { name, definition }: LoadedJob, given: readonly string[]): string {
  const wrong = given.find((pair) => !pair.includes("="));
  if (wrong !== undefined) {
    throw new NoAnswer(
      `Unable to tell which instance of ${name} is meant: ${wrong} is not of the form KEY=VALUE`,
    );
  }
  try {
    return nameOfInstance(definition, engine.jobEnvironment(definition, given));
  } catch (error) {
    if (!(error instanceof ExpansionError)) throw error;
    throw new NoAnswer(`Unable to tell which instance of ${name} is meant: ${error.message}`);
  }
}

/** A name that no job has: the file of one that has never been right, or a slip of the pen. */
function whyNoJob(facts: Facts, name: string): Explanation {
  const broken = facts.report?.broken ?? [];
  const found = broken.find(({ job }) => job === name);
  if (found) {
    return {
      job: name,
      instance: null,
      verdict: "broken",
      isStuck: true,
      summary: `${name} is no job, as its file is wrong`,
      reasons: [
        reason("problem", found.problem, { job: name, isHopeless: true }),
        reason("advice", "init reads the file again as soon as it is changed"),
      ],
    };
  }
  const names = [...facts.engine.jobs.keys(), ...broken.map(({ job }) => job)];
  const near = closest(name, names);
  throw new NoAnswer(`Unknown job: ${name}${near === undefined ? "" : `; did you mean \`${near}'?`}`);
}

/** Why an instance is in its state. */
function whyInstance(facts: Facts, instance: Instance): Explanation {
  const { displayName, job, name } = instance, path = [displayName];
  const { verdict, text } = doing(facts, instance);
  const waits = waitsOf(facts, instance, path);
  const isStuck = verdict !== "up" && waits.some(({ isHopeless }) => isHopeless);
  return {
    job: job.name,
    instance: name,
    verdict,
    isStuck,
    summary: `${displayName} ${text}`,
    reasons: [
      ...circleNotes(waits),
      ...waits,
      ...(verdict === "stopping" ? stopReason(facts, facts.instance(instance), instance) : []),
      ...startReason(facts, instance),
      ...presentFailure(facts, instance),
      ...dependenciesOf(facts, instance, waits, path),
      ...runningProcesses(facts, instance, waits),
      ...(job.startOn?.hasLevels && verdict === "up"
        ? [conditionReason(facts, "start-on", job.startOn, path)]
        : []),
      ...(verdict === "stopping" ? [] : stopCondition(facts, instance, path)),
      ...waitersOf(instance),
      ...problems(facts, job),
      ...hookAdvice(facts, instance, waits),
      ...(verdict === "respawning" ? respawnAdvice(job) : []),
    ],
  };
}

/** When it is to stop: what has come of its condition; the condition alone when nothing has. */
function stopCondition(facts: Facts, { stopOn, environment }: Instance, path: Path): ReasonNode[] {
  if (!stopOn) return [];
  if (stopOn.taken.some(Boolean)) return [conditionReason(facts, "stop-on", stopOn, path, environment)];
  return [reason("stop-on", `it stops on ${conditionInWords(stopOn.condition)}`)];
}

/** What it depends on, unless it waits for that, so that it is told already. */
function dependenciesOf(
  facts: Facts,
  { job }: Instance,
  waits: readonly ReasonNode[],
  path: Path,
): ReasonNode[] {
  const told = new Set(waits.filter(({ kind }) => kind === "dependency").map(({ job }) => job));
  return dependencyReasons(facts, job, path).filter((one) => !told.has(one.job));
}

/** The processes that run, but those that are told of already. */
function runningProcesses(facts: Facts, instance: Instance, waits: readonly ReasonNode[]): ReasonNode[] {
  const told = new Set(waits.map(({ pid }) => pid));
  return instance.processes().flatMap(([process, pid]) =>
    told.has(pid) ? [] : [processReason(facts, process, pid)]
  );
}

/** A hook that runs for longer than this (ms) may hang. */
const LONG = 60_000;

/** How to end a hook, or a start, that hangs. */
function hookAdvice(facts: Facts, { job, state }: Instance, waits: readonly ReasonNode[]): ReasonNode[] {
  if (UP.has(state)) return [];
  const hangs = waits.some(({ kind, at }) => kind === "process" && at !== undefined && facts.now - at > LONG);
  return hangs ? [reason("advice", `\`initctl stop --force ${job.name}' ends what hangs`)] : [];
}

function respawnAdvice({ name }: LoadedJob): ReasonNode[] {
  return [
    reason("advice", `\`initctl logs ${name}' shows what it printed; \`initctl start ${name}' tries at once`),
  ];
}

/** Why no instance of a job is there, or one of them is not. */
function whyAbsent(facts: Facts, job: LoadedJob, instance?: string): Explanation {
  const path = [job.name];
  const past = facts.job(job.name)?.past.find(({ name }) => instance === undefined || name === instance);
  const result = lastResult(facts, job, past), stop = stopsByItself(past) ? [] : stopReason(facts, past);
  const obstacle = obstacles(facts, job), conditions = startConditions(facts, job, path);
  const hasFailed = result.some(({ isMet }) => isMet === false);
  const verdict = verdictOf(job, hasFailed, past !== undefined);
  const isStuck = verdict !== "completed" && [...obstacle, ...conditions].some((one) => one.isHopeless);
  const why = { failed: result[0]?.text, stopped: stop[0]?.text }[verdict as string];
  const name = displayName(job.name, instance ?? "");
  const state = `${name} ${SUMMARIES[verdict]}${
    why === undefined ? whatIsMissing(job, conditions[0]!, isStuck) : `: ${why}`
  }`;
  return {
    job: job.name,
    instance: null,
    verdict,
    isStuck,
    summary: obstacle[0] ? cannotStart(name, obstacle[0].text) : state,
    reasons: [
      ...circleNotes(conditions),
      ...result,
      ...stop,
      ...(past ? leftBehind(facts, job, past.name) : []),
      ...delayNote(facts, job),
      ...obstacle,
      ...shutdownNote(facts, job),
      ...conditions,
      // What an obstacle tells is not told twice.
      ...dependencyReasons(facts, job, path).filter((one) => obstacle.length === 0 || !one.isHopeless),
      ...dependantReasons(facts, job),
      ...problems(facts, job, hasFailed),
      ...(obstacle.length > 0
        ? []
        : startAdvice(job, hasFailed, missingParts(conditions[0]!).some(comesOnce), past)),
    ],
  };
}

/** What forbids a start, as a sentence that says so. */
function cannotStart(name: string, obstacle: string): string {
  const begin = `${name} cannot start: `;
  return obstacle.startsWith(begin) ? obstacle : begin + obstacle;
}

/** What a job that is not there does, as the end of a sentence. */
const SUMMARIES: Partial<Record<JobVerdict, string>> = {
  completed: "has done its work, and is not running",
  failed: "is down",
  stopped: "is stopped",
  waiting: "has not been started",
};

function verdictOf({ completed, definition }: LoadedJob, hasFailed: boolean, hasRun: boolean): JobVerdict {
  if (hasFailed) return "failed";
  return completed && definition.task ? "completed" : hasRun ? "stopped" : "waiting";
}

/** More events than this do not stand in the summary. */
const MOST_MISSING = 3;

/** What a job waits for that is not there: the rest of the sentence. */
function whatIsMissing({ startOn }: LoadedJob, condition: ReasonNode, isStuck: boolean): string {
  if (!startOn) return ": a request starts it, or a job that needs it";
  const missing = missingParts(condition), hopeless = missing.filter((part) => part.isHopeless);
  if (missing.length === 0 || missing.length > MOST_MISSING) {
    return `: it waits for its start on${isStuck ? ", which never comes true as things are" : ""}`;
  }
  const all = named(missing.map(partInWords), startOn.condition.kind === "or" ? "or" : "and");
  if (!isStuck || hopeless.length === 0) return `: it waits for ${all}`;
  const isEach = hopeless.length === missing.length;
  const whose = isEach ? ", which" : `; ${named(hopeless.map(partInWords))}`;
  const isUnknown = hopeless.every(({ reasons: [first] }) => first?.text.startsWith(NOBODY));
  const never = hopeless.every(comesOnce)
    ? " comes only once, as init begins"
    : isUnknown
    ? isEach ? " nothing here emits" : ` is emitted by nothing here`
    : ` never come${hopeless.length === 1 ? "s" : ""} as things are`;
  return `: it waits for ${all}${whose}${never}`;
}

function comesOnce({ event }: ReasonNode): boolean {
  return event === ONCE;
}

/** A part of a condition without what has become of it. */
function partInWords({ text }: ReasonNode): string {
  return shortened(text.replace(/^start on:? /, "").replace(/: it (has not|is not|comes only once).*$/, ""));
}

/** True for a run that ended by itself: how it ended tells why it stopped. */
function stopsByItself(past: InstanceReport | undefined): boolean {
  const by = past?.stopped?.cause.by;
  return past?.last !== undefined && (by === "exit" || by === "failure");
}

/** The circles in which something waits, which stand deep in the tree, first of all. */
function circleNotes(reasons: readonly ReasonNode[]): ReasonNode[] {
  const circles = new Map<string, ReasonNode>();
  const look = ({ kind, members, text, reasons }: ReasonNode) => {
    if (kind === "circle" && members) {
      circles.set([...members].sort().join("\0"), reason("circle", text, { members, isHopeless: true }));
    }
    reasons.forEach(look);
  };
  reasons.forEach(look);
  return [...circles.values()];
}

function delayNote({ engine }: Facts, job: LoadedJob): ReasonNode[] {
  const isDelayed = engine.startThrottle.delayed.some((delayed) => delayed.job === job);
  return isDelayed
    ? [
      reason("note", "it starts itself in a loop, so its next start is delayed by a second", {
        job: job.name,
      }),
    ]
    : [];
}

function shutdownNote({ engine }: Facts, { definition }: LoadedJob): ReasonNode[] {
  if (definition.task || !engine.stopping && !engine.inLastRunlevel) return [];
  return [reason("note", "init is on its way down: events start no services any more", { isHopeless: true })];
}

/** What is wrong with its file and its log, and what is remarked of it, unless that is its failure, of which more is told. */
function problems(facts: Facts, { name, pendingDefinition }: LoadedJob, hasFailed = false): ReasonNode[] {
  const { problem, remark, isChanged, source, logProblem } = facts.job(name) ?? {};
  const found: ReasonNode[] = [];
  if (problem) {
    found.push(reason("problem", `its file is wrong, so its last good definition is in force: ${problem}`));
  }
  if (logProblem) found.push(reason("note", `its log fails: ${logProblem}`));
  if (remark && !hasFailed) found.push(reason("note", remark));
  if (pendingDefinition && !pendingDefinition.definition) {
    found.push(reason("note", "its file is gone: it is forgotten once it is stopped"));
  } else if (pendingDefinition) {
    found.push(
      reason(
        "note",
        "its file has changed: the new definition is in force once it is stopped, and not by a restart",
      ),
    );
  } else if (isChanged && !problem) {
    found.push(reason("note", `${source} has changed since it was read`));
  }
  return found;
}

/** A variable in the name of an instance, by which a request tells which one it means. */
const VARIABLE = /\$\{?(\w+)/g;

function startAdvice(
  { name, startOn, definition: { instance } }: LoadedJob,
  hasFailed: boolean,
  isTooLate: boolean,
  past: InstanceReport | undefined,
): ReasonNode[] {
  const variables = Array.from(instance.matchAll(VARIABLE), ([, variable]) => ` ${variable}=…`);
  const command = `\`initctl start ${name}${[...new Set(variables)].join("")}'`;
  if (!hasFailed) return startOn && !isTooLate ? [] : [reason("advice", `${command} starts it`)];
  // What could not be run has printed nothing.
  const first = past?.last && !hasRun(past.last)
    ? "once that is mended,"
    : `\`initctl logs ${name}' shows what it printed;`;
  return [reason("advice", `${first} ${command} tries again`)];
}
