/** Waking: when something about a job changes, the instances that dependencies hold because of it look again. */

import type { EngineState } from "../engine_state.ts";
import type { Instance } from "../instance.ts";
import type { LoadedJob } from "../loaded_job.ts";
import { isHeld, isHeldInStart, isHeldInStop } from "./phases.ts";
import { graphOf, stillWaits } from "./waits.ts";

/** Has the instances look again that wait for a job before they start: something about it may be better now. */
export function wakeDependants(engine: EngineState, job: LoadedJob): void {
  forgetStalls(engine, job);
  wakeStalled(engine, job);
}

/** The same where nothing is better: it waits for somebody itself, or for another one than before. */
export function wakeStalled(engine: EngineState, job: LoadedJob): void {
  const graph = graphOf(engine);
  engine.dependencies.settledUp.clear();
  for (const { dependant } of graph.edgesTo(job.name)) wake(engine, dependant, isHeldInStart);
  for (const name of graph.conflictsOf(job.name)) wake(engine, name, isHeldInStart);
  wakeBehind(engine, job);
}

/**
 * Forgets why those cannot go on that need a job, and those that need these: it may be so no more. Until they look again they
 * are on their way, so that nobody is told what is not so, or does without them.
 */
function forgetStalls(engine: EngineState, job: LoadedJob): void {
  const graph = graphOf(engine), changed = new Set([job]);
  for (const { name } of changed) {
    for (const { kind, dependant } of graph.edgesTo(name)) {
      const other = kind === "needs" ? engine.jobs.get(dependant) : undefined;
      for (const instance of other?.instances.values() ?? []) {
        if (!other || instance.stall === undefined) continue;
        instance.stall = undefined;
        engine.dependencies.pending.add(instance);
        changed.add(other);
      }
    }
  }
}

/**
 * Has the instances look again that wait for nothing but a job, which is up now, before they start; and those in whose place
 * it is up now, before they stop.
 */
export function wakeWaiting(engine: EngineState, job: LoadedJob): void {
  for (const { dependant, targets } of graphOf(engine).edgesTo(job.name)) {
    wake(engine, dependant, (instance) => isHeldInStart(instance) && !stillWaits(engine, instance));
    if (targets.length > 1) { for (const name of targets) wake(engine, name, isHeldInStop); }
  }
  wake(engine, job.name, isHeldInStop);
  wakeBehind(engine, job);
}

/** Has the instances look again that wait for a job before they stop. */
export function wakeTargets(engine: EngineState, job: LoadedJob): void {
  for (const { targets } of graphOf(engine).edgesOf(job.name)) {
    for (const name of targets) {
      wake(engine, name, isHeldInStop);
      requeue(engine, name);
    }
  }
  wakeBehind(engine, job);
}

/** Has the instances look again that wait for a job by way of scripts in between. */
function wakeBehind(engine: EngineState, job: LoadedJob): void {
  const { behind, heldStops } = engine.dependencies, waiting = behind.get(job);
  if (!waiting) return;
  behind.delete(job);
  for (const instance of waiting) {
    lookAgain(engine, instance);
    if (heldStops.delete(instance)) engine.stopQueue?.add(instance);
  }
}

/** Has an instance look again at what it waits for, if dependencies hold it. */
export function lookAgain(engine: EngineState, instance: Instance): void {
  if (isHeld(instance)) engine.dependencies.pending.add(instance);
}

/** Has the jobs look again whose `start on` says that this one is up. */
export function wakeLevels(engine: EngineState, job: LoadedJob): void {
  for (const name of graphOf(engine).levelsOn(job.name)) {
    const waiting = engine.jobs.get(name);
    if (waiting) engine.dependencies.levels.add(waiting);
  }
}

/**
 * Has an init script that is to stop look whom it waits for once all that the same event stops has been told to. False when
 * no job depends on another.
 */
export function undoneInOrder(engine: EngineState, instance: Instance): boolean {
  if (graphOf(engine).isEmpty) return false;
  engine.dependencies.pending.add(instance);
  return true;
}

function wake(
  engine: EngineState,
  name: string,
  isDue: (instance: Instance) => boolean,
): void {
  for (const instance of engine.jobs.get(name)?.instances.values() ?? []) {
    if (isDue(instance)) engine.dependencies.pending.add(instance);
  }
}

/** Has the shutdown look again at the instances of a job. */
function requeue(engine: EngineState, name: string): void {
  const { heldStops } = engine.dependencies;
  if (heldStops.size === 0) return;
  for (const instance of engine.jobs.get(name)?.instances.values() ?? []) {
    if (heldStops.delete(instance)) engine.stopQueue?.add(instance);
  }
}
