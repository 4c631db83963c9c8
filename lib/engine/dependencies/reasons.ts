/** Reasons: why an instance cannot start, why a need is not met, and why a job failed, in words. */

import { describeEnd, type Exit } from "../../model/exit.ts";
import { closest } from "../../model/text/closest.ts";
import type { EngineState } from "../engine_state.ts";
import type { FailureCause, Instance } from "../instance.ts";
import type { LoadedJob } from "../loaded_job.ts";
import { whyConflicting } from "./conflicts.ts";
import { describeCircle, type Edge } from "./graph.ts";
import { whenTriedAgain } from "../waiting/backoff.ts";
import { isMet, targetOf } from "./phases.ts";
import { graphOf } from "./waits.ts";

/** Why a need of an instance is not going to be met. */
export interface NeedFailure {
  message: string;
  /** The result of the job that has failed first; as long as nothing else has run, it is that of the instance, too. */
  exit?: Exit | undefined;
  /** True when another start may do better. */
  isCurable?: boolean;
}

/**
 * Why an instance cannot start whatever happens to other jobs; undefined when it can.
 * @param isNeeded True when another one needs it, of which that is known: what takes long is left to its own look.
 */
export function whyImpossible(
  engine: EngineState,
  { job }: Instance,
  isNeeded = false,
): string | undefined {
  const graph = graphOf(engine);
  if (!isNeeded && graph.mayBeCircular(job.name)) {
    const circle = graph.circleOf(job.name, (edge) => {
      engine.dependenciesSeen += edge.targets.length;
      return [targetOf(engine, edge)?.name ?? ""];
    });
    if (circle) return `${job.name} cannot start: ${describeCircle(circle)}`;
  }
  for (const edge of graph.edgesOf(job.name)) {
    if (edge.kind !== "needs") continue;
    const target = targetOf(engine, edge);
    if (!target) return `${job.name} needs ${edge.name}, which no job provides${hint(engine, edge.name)}`;
    if (graph.conflictsOf(job.name).has(target.name)) {
      return `${job.name} needs ${target.name} and conflicts with it`;
    }
  }
  return !isNeeded && graph.mayNeedConflicting(job.name) ? whyConflicting(engine, job) : undefined;
}

function hint(engine: EngineState, name: string): string {
  const meant = closest(name, graphOf(engine).names);
  return meant === undefined ? "" : `; did you mean \`${meant}'?`;
}

/** Why a need of an instance is not going to be met, now that it has failed; undefined when none has. */
export function whyFailed(engine: EngineState, instance: Instance): NeedFailure | undefined {
  const { name } = instance.job;
  for (const [edge, target] of openNeeds(engine, instance)) {
    if (target.instances.size > 0) continue;
    const needs = `${name} needs ${said(edge, target)}`, { lastFailure } = target;
    if (lastFailure) {
      const message = `${needs}, which failed: ${lastFailure.reason}`;
      return { exit: lastFailure.exit, message, isCurable: !engine.stopping };
    }
    if (engine.stopping) return { message: `${needs}, which is not started: init is on its way down` };
  }
  return undefined;
}

/** Why nobody knows when an instance goes on. */
interface Stall {
  /** As a sentence, that does not say how long it takes. */
  why: string;
  /** The instance that it waits for: that waits likewise, or is tried again. */
  by?: Instance;
}

/** Why nobody knows when an instance goes on, as a need of it is not met; undefined when all are on their way. */
export function whyStalled(engine: EngineState, instance: Instance): Stall | undefined {
  return stalledNeed(engine, instance) ?? retriedNeed(engine, instance);
}

/** Nothing that goes on now is going to meet a need: somebody has to start it. */
function stalledNeed(engine: EngineState, instance: Instance): Stall | undefined {
  const { name } = instance.job;
  for (const [edge, target] of openNeeds(engine, instance)) {
    const [by] = target.instances.values();
    if (!by) return { why: `${name} needs ${said(edge, target)}, which is stopped` };
    const stalls = Array.from(target.instances.values(), ({ stall }) => stall);
    const stall = stalls.every((stall) => stall !== undefined) && stalls[0];
    if (stall) return { why: `${name} needs ${said(edge, target)}, which waits: ${shortened(stall)}`, by };
  }
  return undefined;
}

/** A need has failed, and is tried again, which may go on for ever. */
function retriedNeed(engine: EngineState, instance: Instance): Stall | undefined {
  for (const [edge, target] of openNeeds(engine, instance)) {
    const instances = Array.from(target.instances.values());
    const [by] = instances;
    if (!by?.setback || !instances.every(({ setback }) => setback?.isStart)) continue;
    const failed = `${instance.job.name} needs ${said(edge, target)}, which failed: ${by.setback.reason}`;
    return { why: `${failed}; it is tried again`, by };
  }
  return undefined;
}

/** When that is over, as far as it is known, behind the reason: ` in 0.4 s`. */
export function whenOver(engine: EngineState, instance: Instance): string {
  const seen = new Set<Instance>();
  for (let next: Instance | undefined = instance; next && !seen.has(next);) {
    seen.add(next);
    const by: Instance | undefined = whyStalled(engine, next)?.by;
    if (by && by.stall === undefined) return whenTriedAgain(by, engine.now);
    next = by;
  }
  return "";
}

function* openNeeds(engine: EngineState, { job }: Instance): Iterable<[Edge, LoadedJob]> {
  for (const edge of graphOf(engine).edgesOf(job.name)) {
    if (edge.kind !== "needs") continue;
    const target = targetOf(engine, edge);
    if (target && !isMet(edge, target)) yield [edge, target];
  }
}

/** The job that an edge means, behind the name that the edge says, where that is another. */
export function said({ name }: Edge, target: LoadedJob): string {
  return name === target.name ? name : `${name} (${target.name})`;
}

/** Why an instance failed, as the end of a sentence that begins with its job. */
export function reasonOf({ process, exit, message, reason }: FailureCause): string {
  if (reason !== undefined) return reason;
  // Of a process that ended, its number does not matter to others.
  if (message !== undefined && !exit) return message;
  if (!exit) return `its ${process} process could not be run`;
  return `its ${process} process ${describeEnd(exit)}`;
}

/** Chains of failures may be long, and each job's message has those before it. */
const LONGEST_REASON = 1000;

/** A reason that goes into another job's message: of a long one, the beginning and the end. */
export function shortened(reason: string): string {
  if (reason.length <= LONGEST_REASON) return reason;
  return `${reason.slice(0, LONGEST_REASON / 2)} … ${reason.slice(-LONGEST_REASON / 2)}`;
}
