/** What a start brings with it: conflicting jobs are stopped, and what the job needs and wants is started. */

import { ExpansionError } from "../../model/expand.ts";
import type { EngineState } from "../engine_state.ts";
import { causeBeside } from "../events/start_loops.ts";
import { type Instance, nameOfInstance } from "../instance.ts";
import { createInstance, startAfterStop } from "../lifecycle.ts";
import { settleWaiters } from "../outcome.ts";
import type { LoadedJob } from "../loaded_job.ts";
import { stopConflicting } from "./conflicts.ts";
import { failNeed } from "./holds.ts";
import { isComing, isMet, targetOf } from "./phases.ts";
import { whyImpossible } from "./reasons.ts";
import { graphOf } from "./waits.ts";
import { wakeDependants } from "./wake.ts";

/**
 * Starts what instances need and want, and what these do. To be called when somebody has started them: one that comes
 * back by itself starts nothing.
 */
export function startNeeded(engine: EngineState, ...started: Instance[]): void {
  if (graphOf(engine).isEmpty) return;
  const chosen = new Set<LoadedJob>();
  for (const first of started) startAllNeeded(engine, first, chosen);
}

/**
 * Starts what an instance needs and wants. Each job is looked at once.
 *
 * @param chosen The jobs that are started, or there, already. What conflicts with one of them is not started as well, so
 * that no two stop each other.
 */
function startAllNeeded(engine: EngineState, first: Instance, chosen: Set<LoadedJob>): void {
  if (first.goal === "stop") return;
  const graph = graphOf(engine), pending = [first], needed = new Set<Instance>();
  chosen.add(first.job);
  for (const instance of pending) {
    if (instance.goal === "stop") continue;
    const impossible = whyImpossible(engine, instance, needed.has(instance));
    if (impossible !== undefined) {
      // One that has yet to stop finds out once it has.
      if (instance.state === "starting") failNeed(engine, instance, { message: impossible });
      continue;
    }
    stopConflicting(engine, instance);
    for (const edge of graph.edgesOf(instance.job.name)) {
      if (edge.kind !== "needs" && edge.kind !== "wants" || edge.kind === "wants" && edge.givesWay) continue;
      const target = targetOf(engine, edge);
      if (!target || chosen.has(target) || conflictsWithAny(engine, target, chosen)) continue;
      chosen.add(target);
      if (isMet(edge, target) || isComing(edge, target)) continue;
      const started = startTarget(engine, target, instance);
      if (!started) continue;
      pending.push(started);
      if (edge.kind === "needs") needed.add(started);
    }
  }
}

function conflictsWithAny(engine: EngineState, { name }: LoadedJob, jobs: ReadonlySet<LoadedJob>): boolean {
  for (const other of graphOf(engine).conflictsOf(name)) {
    const conflicting = engine.jobs.get(other);
    if (conflicting && jobs.has(conflicting)) return true;
  }
  return false;
}

/**
 * Starts a job with an empty environment. Undefined when that cannot be, or an instance is on its way already; one that
 * waits for a job that is stopped is not.
 */
function startTarget(engine: EngineState, job: LoadedJob, dependant: Instance): Instance | undefined {
  if (engine.stopping && !job.definition.task) return undefined;
  const variables = engine.jobEnvironment(job.definition);
  let name: string;
  try {
    name = nameOfInstance(job.definition, variables);
  } catch (error) {
    if (!(error instanceof ExpansionError)) throw error;
    const reason = `an instance of it has to be started by hand: ${error.message}`;
    job.lastFailure = { reason, exit: undefined };
    wakeDependants(engine, job);
    return undefined;
  }
  const existing = job.instances.get(name);
  if (existing && existing.goal !== "stop") return existing.stall === undefined ? undefined : existing;
  const instance = existing ?? createInstance(engine, job, name);
  instance.startEnvironment = variables;
  instance.cause = causeBeside(job, dependant.cause);
  settleWaiters(engine, instance, false);
  startAfterStop(engine, instance, { by: "dependency", job: dependant.job.name });
  return instance;
}
