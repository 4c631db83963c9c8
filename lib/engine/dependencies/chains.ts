/**
 * The order between jobs with init scripts in between. rc runs the scripts of a level by numbers: one that is down, or stays
 * as it is, has a number like the others, and leaves no gap. So whoever comes after such a script comes after all that this
 * one comes after.
 */

import type { EngineState } from "../engine_state.ts";
import type { Instance } from "../instance.ts";
import type { LoadedJob } from "../loaded_job.ts";
import { isScript } from "../services/init_script.ts";
import type { DependencyGraph, Edge } from "./graph.ts";
import { isComing, isGone, isMet, targetOf } from "./phases.ts";

/** A job that is on its way up before another one, and the edge to it. */
export interface Predecessor {
  edge: Edge;
  target: LoadedJob;
}

/** A job on its way up that an instance comes after by way of scripts that are not. The instance looks again with it. */
export function comingBefore(
  engine: EngineState,
  graph: DependencyGraph,
  instance: Instance,
): Predecessor | undefined {
  const { settledUp } = engine.dependencies, passed = new Set([instance.job]);
  for (const { name } of passed) {
    for (const edge of graph.edgesOf(name)) {
      const target = edge.givesWay ? undefined : targetOf(engine, edge);
      if (!target || passed.has(target)) continue;
      if (!isMet(edge, target) && isComing(edge, target, false)) {
        lookAgainWith(engine, instance, target);
        return { edge, target };
      }
      if (isScript({ job: target }) && !settledUp.has(target)) passed.add(target);
    }
  }
  for (const job of passed) settledUp.add(job);
  return undefined;
}

/** An instance that is to stop before this one by way of scripts that are not. This one looks again with it. */
export function goingBefore(
  engine: EngineState,
  graph: DependencyGraph,
  instance: Instance,
): Instance | undefined {
  const { settledDown } = engine.dependencies, passed = new Set([instance.job]);
  for (const { name } of passed) {
    for (const { givesWay, dependant } of graph.edgesTo(name)) {
      const job = givesWay ? undefined : engine.jobs.get(dependant);
      if (!job || passed.has(job)) continue;
      for (const other of job.instances.values()) {
        if (isGone(other) || !isToStop(engine, other)) continue;
        lookAgainWith(engine, instance, job);
        return other;
      }
      if (isScript({ job }) && !settledDown.has(job)) passed.add(job);
    }
  }
  for (const job of passed) settledDown.add(job);
  return undefined;
}

/** While all stop in order, some have not been told to yet. */
function isToStop(engine: EngineState, { goal }: Instance): boolean {
  return goal === "stop" || engine.stopQueue !== undefined;
}

function lookAgainWith(engine: EngineState, instance: Instance, job: LoadedJob): void {
  const { behind } = engine.dependencies, waiting = behind.get(job);
  if (waiting) waiting.add(instance);
  else behind.set(job, new Set([instance]));
}

/** Forgets which jobs nothing is on its way before: something may be from now on. */
export function forgetSettled({ dependencies }: EngineState): void {
  dependencies.settledUp.clear();
  dependencies.settledDown.clear();
}
