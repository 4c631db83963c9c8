/** Why a job, or an instance, is as it is: one reason with what that rests on, and so on down to what holds all. */

import { isHeldInStart, isHeldInStop, targetOf } from "../../engine/dependencies/phases.ts";
import { whyImpossible } from "../../engine/dependencies/reasons.ts";
import { graphOf, startWaits, stopWaits } from "../../engine/dependencies/waits.ts";
import type { EngineState } from "../../engine/engine_state.ts";
import type { Event } from "../../engine/events/event.ts";
import { Instance } from "../../engine/instance.ts";
import type { LoadedJob } from "../../engine/loaded_job.ts";
import { STATES, UP } from "../../engine/states.ts";
import { describeWait } from "../../engine/waiting/waits.ts";
import type { InstanceProcess } from "../../model/job.ts";
import { conditionReason } from "./conditions.ts";
import { waitReason } from "./dependencies.ts";
import type { Facts } from "./facts.ts";
import { lastResult, presentFailure } from "./history.ts";
import type { Holder } from "./holders.ts";
import { type JobVerdict, listed, reason, type ReasonNode } from "./reason.ts";
import { timerReasons } from "./timers.ts";
import { count, howLong } from "../words.ts";
import { eventInWords, named, shortened } from "./words.ts";

/** The way to a reason: the instances and jobs that it was asked for, by their names, the first of all first. */
export type Path = readonly string[];

/** A way is no longer: nobody reads on. */
const DEEPEST = 8;

/** Why a job is as it is: what its instance does that is not up, or why none is there. */
export function jobReason(facts: Facts, job: LoadedJob, path: Path): ReasonNode {
  const instances = Array.from(job.instances.values());
  const first = instances.find(({ goal, state }) => goal !== "start" || !UP.has(state)) ?? instances[0];
  return first ? instanceReason(facts, first, path) : absentReason(facts, job, path);
}

/** Goes on to what a reason rests on, unless the way leads in a circle, or is too long. */
function inside(
  name: string,
  path: Path,
  text: string,
  details: Partial<ReasonNode>,
  reasonsOf: (path: Path) => ReasonNode[],
): ReasonNode {
  const at = path.indexOf(name);
  if (at >= 0) return circleReason(path.slice(at));
  const reasons = path.length < DEEPEST ? reasonsOf([...path, name]) : [];
  const isHopeless = reasons.some((one) => one.isHopeless && HOLDING.includes(one.kind));
  return reason("state", text, { ...details, ...(isHopeless && { isHopeless: true as const }) }, reasons);
}

/** The kinds of reasons by which a job stays where it is: where one of them is hopeless, so is that. */
const HOLDING: ReadonlyArray<ReasonNode["kind"]> = [
  "start-on",
  "circle",
  "dependency",
  "holder",
  "state",
  "problem",
];

/** Jobs of which each waits for the next, and the last for the first. */
function circleReason(members: Path): ReasonNode {
  const text = members.length === 1
    ? `${members[0]} waits for itself`
    : `${named(members)} wait for each other`;
  return reason("circle", text, { members: [...members], isHopeless: true });
}

/** Why an instance is not where it is to be, or that it is. */
export function instanceReason(facts: Facts, instance: Instance, path: Path): ReasonNode {
  const { text } = doing(facts, instance);
  const { displayName: name, job } = instance;
  return inside(name, path, `${name} ${text}`, { job: job.name, instance: instance.name }, (path) => {
    const waits = waitsOf(facts, instance, path);
    return waits.length > 0 ? waits : presentFailure(facts, instance);
  });
}

/** Why no instance of a job is there. */
function absentReason(facts: Facts, job: LoadedJob, path: Path): ReasonNode {
  const failure = lastResult(facts, job);
  const hasFailed = failure.some(({ isMet }) => isMet === false);
  const text = job.completed
    ? `${job.name} has done its work, and is not running`
    : hasFailed
    ? `${job.name} has failed`
    : `${job.name} is stopped`;
  return inside(job.name, path, text, { job: job.name }, (path) => [
    ...failure,
    ...obstacles(facts, job),
    ...startConditions(facts, job, path),
  ]);
}

/** What forbids the start of a job, whatever happens to others. */
export function obstacles({ engine }: Facts, job: LoadedJob): ReasonNode[] {
  const why = whyImpossible(engine, new Instance(job, ""));
  if (why === undefined) return [];
  const members = circleOfNeeds(engine, job);
  return [
    reason(members ? "circle" : "problem", why, {
      job: job.name,
      isHopeless: true,
      ...(members && { members }),
    }),
  ];
}

function circleOfNeeds(engine: EngineState, { name }: LoadedJob): string[] | undefined {
  const graph = graphOf(engine);
  if (!graph.mayBeCircular(name)) return undefined;
  return graph.circleOf(name, (edge) => [targetOf(engine, edge)?.name ?? ""]);
}

/** The condition by which a job starts, and what else does where it has none. */
export function startConditions(facts: Facts, job: LoadedJob, path: Path): ReasonNode[] {
  if (job.startOn) return [conditionReason(facts, "start-on", job.startOn, path)];
  const override = facts.job(job.name)?.override;
  return [
    reason("start-on", "it has no start on: a request starts it, or a job that needs it"),
    ...override === undefined
      ? []
      : [reason("note", `what ${override} says counts before what its own file says`)],
  ];
}

/** What an instance does. */
interface Doing {
  verdict: JobVerdict;
  /** As the end of a sentence that begins with its name. */
  text: string;
}

/** What an instance does now. */
export function doing(facts: Facts, instance: Instance): Doing {
  const { goal, state, timers, checks, setback } = instance;
  const delay = timers.get("start-delay");
  if (delay && goal !== "stop") {
    const left = delay.deadline - facts.engine.now;
    const why = setback ? `, for it has failed: ${setback.reason}` : "";
    return {
      verdict: "respawning",
      text: `is started again ${left > 0 ? `in ${howLong(left)}` : "now"}${why}`,
    };
  }
  if (goal === "start" && UP.has(state)) {
    const up = upInWords(facts, instance);
    return {
      verdict: "up",
      text: checks.unhealthy === undefined ? up : `${up}, but unhealthy: ${checks.unhealthy}`,
    };
  }
  if (goal === "stop") return { verdict: "stopping", text: `is stopping: ${waitInWords(facts, instance)}` };
  const what = goal === "respawn" || state === "stopping" || state === "killed"
    ? "is restarting"
    : "is starting";
  return { verdict: "starting", text: `${what}: ${waitInWords(facts, instance)}` };
}

function waitInWords({ engine }: Facts, instance: Instance): string {
  const { blocker, job } = instance;
  if (blocker) return `it waits until its event ${blocker.name} is over`;
  return job.waitNote(instance, engine.now).replace(/^waits/, "it waits") || describeWait(instance);
}

/** That an instance is up, and for how long: the end of a sentence that begins with its name. */
export function upInWords(facts: Facts, { upSince, job }: Instance): string {
  const what = job.definition.task ? "at work" : "up";
  return upSince === undefined ? `is ${what}` : `has been ${what} for ${howLong(facts.engine.now - upSince)}`;
}

/** What holds an instance in its state, and what is going to happen by itself. Empty for one that is where it is to be. */
export function waitsOf(facts: Facts, instance: Instance, path: Path): ReasonNode[] {
  const { blocker, goal } = instance, { engine } = facts;
  const found: ReasonNode[] = [];
  if (blocker) found.push(...heldBy(facts, blocker, path));
  else if (isHeldInStart(instance) && goal !== "stop") {
    found.push(
      ...listed(Array.from(startWaits(engine, instance)), (wait) => waitReason(facts, wait, path), "jobs"),
    );
  } else if (isHeldInStop(instance)) {
    const waits = Array.from(stopWaits(engine, instance));
    found.push(...listed(waits, ({ instance: other }) => instanceReason(facts, other, path), "jobs"));
  }
  found.push(...awaitedProcess(facts, instance), ...unreadiness(facts, instance));
  found.push(...timerReasons(facts, instance));
  return found;
}

/** The process that the state of an instance waits for. */
function awaitedProcess(facts: Facts, instance: Instance): ReasonNode[] {
  const { awaits, spawns } = STATES[instance.state];
  const isAtWork = instance.state === "running" && instance.job.definition.task;
  const process = isAtWork ? "main" : awaits ?? spawns;
  const pid = process && instance.pids.get(process);
  if (pid === undefined) return [];
  // A service that is up, or about to be, has its main process as it should.
  if (process === "main" && instance.state === "spawned" && instance.checks.unready !== undefined) return [];
  return [processReason(facts, process!, pid)];
}

/** A process with its command and its age. */
export function processReason(facts: Facts, process: InstanceProcess, pid: number): ReasonNode {
  const known = facts.process(pid);
  const more = known ? `: ${shortened(known.command)}, for ${howLong(facts.now - known.since)}` : "";
  return reason("process", `its ${process} process ${pid}${more}`, {
    pid,
    ...(known && { at: known.since }),
  });
}

function unreadiness(facts: Facts, instance: Instance): ReasonNode[] {
  const { checks: { unready }, state } = instance;
  if (state !== "spawned" || unready === undefined) return [];
  const check = facts.instance(instance)?.checks.find(({ use }) => use === "ready");
  const what = check ? ` (${shortened(check.what)})` : "";
  return [reason("check", `it is not ready${what}: ${unready}`, { isMet: false })];
}

/** Who holds an event up. */
function heldBy(facts: Facts, event: Event, path: Path): ReasonNode[] {
  if (event.progress === "pending") return [reason("note", `the event ${event.name} has yet to be handled`)];
  return listed(facts.holders.of(event), (holder) => holderReason(facts, event, holder, path), "jobs");
}

function holderReason(facts: Facts, event: Event, holder: Holder, path: Path): ReasonNode {
  const what = eventInWords(event.name, event.environment.pairs().slice(0, 1));
  if ("instance" in holder) {
    const { instance } = holder, because = instanceReason(facts, instance, path);
    if (because.kind === "circle") return because;
    const text = because.text.slice(instance.displayName.length);
    return { ...because, kind: "holder", text: `${what} is held by ${instance.displayName}, which${text}` };
  }
  if ("delayed" in holder) {
    const { name } = holder.delayed;
    return reason("holder", `${what} is held by ${name}, which starts itself in a loop and is delayed`, {
      job: name,
    });
  }
  const [owner, kind] = "job" in holder
    ? [holder.job.name, "start-on" as const]
    : [holder.stopped.displayName, "stop-on" as const];
  const variables = "stopped" in holder ? holder.stopped.environment : holder.matcher.variables;
  const stanza = kind === "start-on" ? "start on" : "stop on";
  const condition = conditionReason(facts, kind, holder.matcher, path, variables);
  return reason("holder", `${what} is held by the ${stanza} of ${owner}, which waits for more`, {
    job: "job" in holder ? holder.job.name : holder.stopped.job.name,
    ...(condition.isHopeless && { isHopeless: true as const }),
  }, [condition]);
}

/** Who waits for an instance: events, of which others may wait for these, and requests. */
export function waitersOf(instance: Instance): ReasonNode[] {
  const events = instance.waiters.flatMap((waiter) => "event" in waiter ? [waiter.event] : []);
  const requests = instance.waiters.length - events.length;
  const found = listed(events, (event) => {
    const what = eventInWords(event.name, event.environment.pairs().slice(0, 1));
    const waiting = event.waiters.flatMap((waiter) =>
      "instance" in waiter ? [waiter.instance.displayName] : []
    );
    const more = waiting.length > 0 ? `, and ${named(waiting)} for that` : "";
    return reason("dependant", `the event ${what} waits for it${more}`, { event: event.name });
  }, "events");
  if (requests === 0) return found;
  return [
    ...found,
    reason("dependant", `${count(requests, "request")} wait${requests === 1 ? "s" : ""} for it`),
  ];
}
