/** Changes of definitions: jobs are added, changed and removed, maybe while instances of them run. */

import { eventsOf, levelOf } from "../model/condition.ts";
import type { JobDefinition } from "../model/job.ts";
import type { DefinitionChange } from "./effects.ts";
import { wakeDependants, wakeLevels } from "./dependencies/wake.ts";
import { waitNote } from "./dependencies/notes.ts";
import type { EngineState } from "./engine_state.ts";
import { LoadedJob } from "./loaded_job.ts";

/**
 * Applies a change. A job that has instances keeps its definition until the last of them has ended. One that is to be
 * removed is not started by events any more, and holds none.
 */
export function changeDefinition(engine: EngineState, { name, definition }: DefinitionChange): void {
  const job = engine.jobs.get(name);
  if (!job) {
    if (definition) addJob(engine, definition);
  } else if (job.instances.size > 0) changeLater(engine, job, definition);
  else replaceDefinition(engine, job, definition);
}

function changeLater(engine: EngineState, job: LoadedJob, definition: JobDefinition | undefined): void {
  const unchanged = definition && isSameData(definition, job.definition);
  job.pendingDefinition = unchanged ? undefined : { definition };
  if (!definition) {
    engine.unsubscribe(job.startOn);
    job.startOn = undefined;
  } else if (!job.startOn) subscribe(engine, job);
}

/** Has a job start by events as its definition says, and look whether the others are up of which that speaks. */
function subscribe(engine: EngineState, job: LoadedJob): void {
  const { startOn } = job.definition;
  job.startOn = startOn && engine.subscribe(startOn, { job });
  if (job.startOn?.hasLevels) engine.dependencies.levels.add(job);
}

/** Gives a job without instances another definition, or removes it. */
export function replaceDefinition(
  engine: EngineState,
  job: LoadedJob,
  definition: JobDefinition | undefined,
): void {
  job.pendingDefinition = undefined;
  const previous = job.startOn;
  if (!definition) {
    job.startOn = undefined;
    engine.unsubscribe(previous);
    forget(engine, job);
    engine.jobs.delete(job.name);
    engine.notice({ kind: "job-removed", job: job.name });
    return;
  }
  const isChanged = !isSameData(definition, job.definition);
  if (!isSameData(dependenciesOf(definition), dependenciesOf(job.definition))) {
    engine.dependencies.graph = undefined;
  }
  job.definition = definition;
  subscribe(engine, job);
  // An unchanged condition that is met in part stays so.
  if (job.startOn && previous && isSameData(previous.condition, job.startOn.condition)) {
    job.startOn.takeOver(previous);
  }
  engine.unsubscribe(previous);
  // A file that was only read anew, as after a restart of init, is nothing that has happened.
  if (isChanged) engine.notice({ kind: "job-changed", job: job.name });
}

function addJob(engine: EngineState, definition: JobDefinition): void {
  const job = loadJob(engine, definition);
  job.completed = engine.dependencies.completedTasks.delete(job.name);
  engine.dependencies.graph = undefined;
  subscribe(engine, job);
  engine.notice({ kind: "job-added", job: definition.name });
}

/** Makes a job that the engine knows. */
export function loadJob(engine: EngineState, definition: JobDefinition): LoadedJob {
  const job = new LoadedJob(definition, (instance, now) => waitNote(engine, instance, now));
  engine.jobs.set(definition.name, job);
  return job;
}

/** What the graph of dependencies is made of. */
function dependenciesOf({ startOn, needs, wants, uses, after, before, provides, conflicts }: JobDefinition) {
  return [eventsOf(startOn).map(levelOf), needs, wants, uses, after, before, provides, conflicts];
}

/** Takes a job that is about to be removed out of the dependencies of others. */
function forget(engine: EngineState, job: LoadedJob): void {
  const { dependencies } = engine;
  rememberSuccess(dependencies.completedTasks, job);
  dependencies.levels.delete(job);
  // A graph that has to be made has all look again.
  if (!dependencies.graph) return;
  wakeDependants(engine, job);
  wakeLevels(engine, job);
  if (!dependencies.graph.remove(job.name)) dependencies.graph = undefined;
}

/** So many of the tasks that are gone are remembered. */
const MOST_REMEMBERED = 1000;

/** Remembers that a task had succeeded, the last ones of many. */
function rememberSuccess(tasks: Set<string>, { name, completed }: LoadedJob): void {
  if (!completed) return;
  tasks.add(name);
  const [oldest] = tasks;
  if (tasks.size > MOST_REMEMBERED) tasks.delete(oldest!);
}

function isSameData(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
