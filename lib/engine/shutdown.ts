/** Stopping everything, on init's way down. */

import { environment } from "../model/environment.ts";
import { Event } from "./event.ts";
import type { Instance } from "./instance.ts";
import { changeGoal, finish } from "./lifecycle.ts";
import type { Machine } from "./machine.ts";
import type { State } from "./states.ts";

/** Stops all instances at once; nothing is respawned any more. */
export function stopAll(machine: Machine): void {
  machine.stopping = true;
  for (const instance of instances(machine)) stop(machine, instance);
}

/**
 * Stops all instances in the order that their conditions imply; nothing is respawned any more. One that stops on
 * the `stopping` or `stopped` of another that is still there is left to that event, all others are stopped at once.
 * The rest is {@link stopNext}'s.
 */
export function stopInOrder(machine: Machine): void {
  machine.stopping = true;
  machine.departing = new Set(instances(machine));
}

/**
 * Stops those whose turn has come. To be called whenever events are over; true when it is to be called again
 * after the next ones. When all that is left waits for each other it is stopped at once. Services that events have
 * started meanwhile are stopped in the end; tasks may do their work.
 */
export function stopNext(machine: Machine): boolean {
  const { departing } = machine;
  if (!departing) return false;
  const all = instances(machine);
  for (const instance of departing) {
    if (instance.goal === "stop" || instance.state === "waiting") departing.delete(instance);
  }
  const ready = Array.from(departing).filter((instance) => !followsAnother(instance, all));
  const quiet = all.every((instance) => instance.goal !== "stop");
  if (ready.length === 0 && quiet) {
    const left = departing.size > 0 ? departing : all.filter(({ job }) => !job.definition.task);
    ready.push(...left);
  }
  for (const instance of ready) stop(machine, instance);
  return ready.length > 0;
}

function instances(machine: Machine): Instance[] {
  return Array.from(machine.jobs.values()).flatMap((job) => Array.from(job.instances.values()));
}

function stop(machine: Machine, instance: Instance): void {
  if (instance.goal === "stop") return;
  finish(machine, instance, false);
  changeGoal(machine, instance, "stop");
}

const PAST_STOPPING: readonly State[] = ["stopping", "killed", "post-stopping", "post-stop", "waiting"];

/** True when an event that is still to come of another instance may stop this one. */
function followsAnother({ stopOn, environment: own }: Instance, all: Instance[]): boolean {
  if (!stopOn?.leaves.some(({ name }) => name === "stopping" || name === "stopped")) return false;
  return all.some((other) => {
    if (other.stopOn === stopOn) return false;
    const variables = environment([`JOB=${other.job.name}`, `INSTANCE=${other.name}`, "RESULT=ok"]);
    const begun = other.goal === "stop" && PAST_STOPPING.includes(other.state);
    return (!begun && stopOn.mentions(new Event("stopping", variables), own)) ||
      stopOn.mentions(new Event("stopped", variables), own);
  });
}
