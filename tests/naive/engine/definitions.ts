/** Changes of definitions. A job that has instances keeps its definition until the last of them has ended. */

import { eventsOf, levelOf } from "../../../lib/model/condition.ts";
import type { JobDefinition } from "../../../lib/model/job.ts";
import { forgetStalls } from "./dependencies/holds.ts";
import { type Condition, type Job, leavesOf, nameOf, type World } from "./world.ts";

/** Adds, changes or removes a job. */
export function define(world: World, name: string, definition: JobDefinition | undefined): void {
  const job = world.job(name);
  if (!job) {
    if (definition) add(world, definition);
  } else if (job.instances.length === 0) replaceDefinition(world, job, definition);
  else {
    job.later = definition && isSame(definition, job.definition) ? undefined : { definition };
    if (!definition) {
      world.reset(job.startOn);
      job.startOn = undefined;
    } else job.startOn ??= world.condition(job.definition.startOn);
  }
}

function add(world: World, definition: JobDefinition): void {
  const completed = world.completedTasks.includes(definition.name);
  world.completedTasks = world.completedTasks.filter((name) => name !== definition.name);
  world.jobs.push({
    definition,
    instances: [],
    startOn: world.condition(definition.startOn),
    later: undefined,
    completed,
    lastFailure: undefined,
    selfStartsUntil: -Infinity,
    isLoopReported: false,
  });
  forgetAllStalls(world);
  world.notice({ kind: "job-added", job: definition.name });
}

/** Gives a job that has no instances another definition, or removes it. */
export function replaceDefinition(world: World, job: Job, definition: JobDefinition | undefined): void {
  const name = nameOf(job), { startOn: previous } = job;
  job.later = undefined;
  if (!definition) {
    world.reset(previous);
    job.startOn = undefined;
    if (job.completed) world.completedTasks = [...world.completedTasks, name].slice(-1000);
    forgetStalls(world, job);
    world.jobs = world.jobs.filter((other) => other !== job);
    return world.notice({ kind: "job-removed", job: name });
  }
  const isChanged = !isSame(definition, job.definition);
  if (!isSame(dependenciesOf(definition), dependenciesOf(job.definition))) forgetAllStalls(world);
  job.definition = definition;
  job.startOn = world.condition(definition.startOn);
  if (job.startOn && previous && isSame(job.startOn.source, previous.source)) keep(job.startOn, previous);
  world.reset(previous);
  if (isChanged) world.notice({ kind: "job-changed", job: name });
}

/** A condition that has not changed keeps what it has taken. */
function keep(condition: Condition, previous: Condition): void {
  const before = leavesOf(previous.tree);
  leavesOf(condition.tree).forEach((leaf, index) => {
    const { event, isUp = false } = before[index]!;
    leaf.event = event;
    leaf.isUp = isUp;
    before[index]!.event = undefined;
  });
}

function dependenciesOf({ startOn, needs, wants, uses, after, before, provides, conflicts }: JobDefinition) {
  return [eventsOf(startOn).map(levelOf), needs, wants, uses, after, before, provides, conflicts];
}

/** Names mean other jobs now. */
function forgetAllStalls(world: World): void {
  for (const instance of world.instances) instance.stall = undefined;
}

function isSame(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
