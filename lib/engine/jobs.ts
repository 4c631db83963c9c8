/** Definitions that come, change and go while their jobs may be running. */

import type { JobDefinition } from "../model/job.ts";
import type { DefinitionChange } from "./effects.ts";
import { Job } from "./job.ts";
import type { Machine } from "./machine.ts";

/**
 * Puts a change in force; a job that has instances keeps its definition until the last of them has ended. One
 * that is to be removed is no longer started by events, and holds none.
 */
export function changeDefinition(machine: Machine, { name, definition }: DefinitionChange): void {
  const job = machine.jobs.get(name);
  if (!job) {
    if (definition) addJob(machine, definition);
  } else if (job.instances.size > 0) changeLater(machine, job, definition);
  else replaceDefinition(machine, job, definition);
}

function changeLater(machine: Machine, job: Job, definition: JobDefinition | undefined): void {
  const unchanged = definition && sameData(definition, job.definition);
  job.successor = unchanged ? undefined : { definition };
  if (!definition) {
    machine.deafen(job.startOn);
    job.startOn = undefined;
  } else if (job.definition.startOn) job.startOn ??= machine.listen(job.definition.startOn, { job });
}

/** Gives a job without instances another definition, or removes it. */
export function replaceDefinition(machine: Machine, job: Job, definition: JobDefinition | undefined): void {
  job.successor = undefined;
  const former = job.startOn;
  if (!definition) {
    machine.deafen(former);
    machine.jobs.delete(job.name);
    machine.notice({ kind: "job-removed", job: job.name });
    return;
  }
  job.definition = definition;
  job.startOn = definition.startOn && machine.listen(definition.startOn, { job });
  // Half of an `and` that has been met stays met when the condition is still the same.
  if (job.startOn && former && sameData(former.condition, job.startOn.condition)) {
    job.startOn.takeOver(former);
  }
  machine.deafen(former);
}

function addJob(machine: Machine, definition: JobDefinition): void {
  const job = new Job(definition);
  machine.jobs.set(definition.name, job);
  if (definition.startOn) job.startOn = machine.listen(definition.startOn, { job });
  machine.notice({ kind: "job-added", job: definition.name });
}

function sameData(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
