/** Facts about jobs that others depend on: whether one is up, on its way up, gone, or has failed. */

import type { EngineState } from "../engine_state.ts";
import type { Instance } from "../instance.ts";
import { isToBeUndone } from "../services/init_script.ts";
import type { LoadedJob } from "../loaded_job.ts";
import { ON_THE_WAY_DOWN, UP } from "../states.ts";
import type { Edge } from "./graph.ts";

/** True in the states between the event `stopping` and the end. */
export function isOnItsWayDown({ state }: Instance): boolean {
  return ON_THE_WAY_DOWN.has(state);
}

/** True when an instance is up, and is to stay so. Who starts does not build on one that is about to go. */
function isUpToStay({ goal, state }: Instance): boolean {
  return goal === "start" && UP.has(state);
}

function isAnyUpToStay(job: LoadedJob): boolean {
  for (const instance of job.instances.values()) if (isUpToStay(instance)) return true;
  return false;
}

/** True when an instance of a job other than this one is up. */
export function isUpBeside(job: LoadedJob, instance: Instance | undefined): boolean {
  for (const other of job.instances.values()) if (other !== instance && UP.has(other.state)) return true;
  return false;
}

/** True when dependencies hold an instance, or are about to be looked at: its own event is finished. */
export function isHeld(instance: Instance): boolean {
  return isHeldInStart(instance) || isHeldInStop(instance);
}

/** The same for one that starts. */
export function isHeldInStart({ state, blocker }: Instance): boolean {
  return state === "starting" && blocker === undefined;
}

/** The same for one that stops. An init script is held before its own stop is run, which ends what others need. */
export function isHeldInStop(instance: Instance): boolean {
  return instance.state === "stopping" ? instance.blocker === undefined : isToBeUndone(instance);
}

/** True when nothing of an instance runs, and it has not begun to start, or waits for that itself. */
export function isGone({ state, pids, spawns }: Instance): boolean {
  if (state === "waiting" || state === "starting") return true;
  return state === "post-stop" && pids.size === 0 && spawns.size === 0;
}

/** True when it is the end of the work that counts: of `completed(NAME)`, and of tasks in general. */
export function isAboutCompletion({ completed }: { completed: boolean }, job: LoadedJob): boolean {
  return completed || job.definition.task;
}

/** True when a job is what an edge asks for: up, and not about to go, or done with its work. */
export function isMet(edge: { completed: boolean }, job: LoadedJob): boolean {
  return isAboutCompletion(edge, job) ? job.completed : isAnyUpToStay(job);
}

/** True when a job is what an edge asks for at this moment, though it may be about to go. */
export function isMetStill(edge: { completed: boolean }, job: LoadedJob): boolean {
  return isAboutCompletion(edge, job) ? job.completed : isUpBeside(job, undefined);
}

/**
 * True when a job is going to be what an edge asks for, unless it fails or is stopped. One whose start has failed
 * and is tried again may never be: who does not insist on it does not count it.
 */
export function isComing(edge: { completed: boolean }, job: LoadedJob, insists = true): boolean {
  const aboutCompletion = isAboutCompletion(edge, job);
  for (const instance of job.instances.values()) {
    if (instance.stall !== undefined || !insists && instance.setback?.isStart) continue;
    if (aboutCompletion ? instance.goal !== "stop" || instance.isDone : isStarting(instance)) return true;
  }
  return false;
}

function isStarting(instance: Instance): boolean {
  return instance.goal !== "stop" && !isUpToStay(instance);
}

/** The job that an edge means at present: of several, one that is met, else one that is coming, else the first. */
export function targetOf(engine: EngineState, edge: Edge): LoadedJob | undefined {
  const { targets } = edge;
  if (targets.length === 1) return engine.jobs.get(targets[0]!);
  const jobs = targets.flatMap((name) => engine.jobs.get(name) ?? []);
  return jobs.find((job) => isMet(edge, job)) ?? jobs.find((job) => isComing(edge, job)) ?? jobs[0];
}
