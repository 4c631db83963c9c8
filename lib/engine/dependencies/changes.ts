/** What changes of an instance mean for those who depend on its job. lifecycle.ts tells of them. */

import type { EngineState } from "../engine_state.ts";
import type { FailureCause, Instance } from "../instance.ts";
import type { LoadedJob } from "../loaded_job.ts";
import { type State, UP } from "../states.ts";
import { reasonOf, shortened } from "./reasons.ts";
import { forgetSettled, graphOf } from "./waits.ts";
import { wakeDependants, wakeLevels, wakeTargets, wakeWaiting } from "./wake.ts";

/** An instance has another goal: it is on its way now, or is not any more. */
export function goalChanged(engine: EngineState, instance: Instance): void {
  const { job, goal } = instance;
  // Once it stops, a shutdown in order has no more to do with it, also when it is started again.
  if (goal === "stop") {
    engine.stopQueue?.delete(instance);
    engine.dependencies.heldStops.delete(instance);
  }
  if (graphOf(engine).isEmpty) return;
  forgetSettled(engine);
  wakeDependants(engine, job);
  wakeTargets(engine, job);
}

/** An instance has entered a state. */
export function stateChanged(engine: EngineState, instance: Instance, previous: State): void {
  const { job, state } = instance;
  if (state === "starting") {
    job.completed = false;
    job.lastFailure = undefined;
  } else instance.stall = undefined;
  if (state === "running" && !job.definition.task) instance.setback = undefined;
  if (graphOf(engine).isEmpty) return;
  if (state === "starting") wakeTargets(engine, job);
  const isUp = UP.has(state), wasUp = UP.has(previous);
  if (isUp && !wasUp) wakeWaiting(engine, job);
  if (isUp !== wasUp || state === "starting") wakeLevels(engine, job);
}

/** A run has failed, and is tried again. Those who do not insist on the job go on; of the others, who waits is told. */
export function runFailed(engine: EngineState, instance: Instance, cause: FailureCause): void {
  const { job, upSince } = instance;
  instance.setback = {
    reason: shortened(reasonOf(cause)),
    isStart: upSince === undefined || job.definition.task,
  };
  if (!graphOf(engine).isEmpty) wakeDependants(engine, job);
}

/** Somebody has started an instance that had failed. What it failed of may have been mended. */
export function forgetSetback(engine: EngineState, instance: Instance): void {
  if (!instance.setback) return;
  instance.setback = undefined;
  wakeDependants(engine, instance.job);
}

/** An instance waits before it starts again, and has no processes. */
export function startDelayed(engine: EngineState, { job }: Instance): void {
  wakeTargets(engine, job);
}

/** An instance has ended. Its job's last one may be done with the work of the job, or have failed. */
export function instanceEnded(engine: EngineState, instance: Instance): void {
  const { job, failure, isDone } = instance;
  if (failure) job.lastFailure = { reason: shortened(reasonOf(failure)), exit: instance.result };
  else if (isDone) job.completed = true;
  const { pending, heldStops } = engine.dependencies;
  pending.delete(instance);
  heldStops.delete(instance);
  if (graphOf(engine).isEmpty) return;
  wakeDependants(engine, job);
  wakeTargets(engine, job);
  wakeLevels(engine, job);
}

/** Forgets that a job has succeeded, or that it has failed. Those that are up stay so. */
export function forgetResult(engine: EngineState, job: LoadedJob): void {
  job.completed = false;
  job.lastFailure = undefined;
  wakeDependants(engine, job);
  wakeLevels(engine, job);
}
