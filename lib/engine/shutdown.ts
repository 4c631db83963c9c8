/** The shutdown of all jobs, at once or in order, and what may still start meanwhile. */

import { RC_EVENTS, RUNLEVEL_EVENT, SESSION_EVENT } from "../model/init_events.ts";
import { type EventCondition, jobMatch } from "../model/condition.ts";
import type { Cause } from "../model/insight/journal.ts";
import { environment } from "../model/environment.ts";
import { hasDependants } from "./dependencies/waits.ts";
import { isLiteral } from "./conditions/subscriptions.ts";
import type { EngineState } from "./engine_state.ts";
import { Event } from "./events/event.ts";
import type { Instance } from "./instance.ts";
import { stop } from "./lifecycle.ts";
import type { LoadedJob } from "./loaded_job.ts";
import { ON_THE_WAY_DOWN, statesBetween } from "./states.ts";

/** Why all stop. */
const SHUTDOWN: Cause = { by: "shutdown" };

/** Stops all instances at once. Nothing is respawned any more. */
export function stopAll(engine: EngineState): void {
  engine.stopping = true;
  for (const instance of instances(engine)) stop(engine, instance, SHUTDOWN);
}

/**
 * Stops all instances in the order that their dependencies and conditions imply. Nothing is respawned any more. An
 * instance that stops on the event `stopping` or `stopped` of another one is left to that event while the other is there.
 * One that others depend on comes after them. Instances that are not up yet, or not up again, are stopped at once;
 * {@link stopNext} stops the others.
 */
export function stopInOrder(engine: EngineState): void {
  engine.stopping = true;
  engine.stopQueue = new Set(instances(engine));
  for (const instance of engine.stopQueue) if (!isPastSpawn(instance)) stop(engine, instance, SHUTDOWN);
}

const PAST_SPAWN = statesBetween("spawned", "pre-stop");

/** True when an instance is past the start of its main process, and its goal is start. */
function isPastSpawn({ goal, state }: Instance): boolean {
  return goal === "start" && PAST_SPAWN.has(state);
}

/**
 * Stops the instances that no event of another one is going to stop. To be called whenever all events are dispatched.
 * True when it has stopped any, and has to be called again after the events that follow. Instances that only wait for
 * each other are stopped at once. Services that events have started meanwhile are stopped at the end; tasks run on.
 */
export function stopNext(engine: EngineState): boolean {
  const { stopQueue, dependencies: { heldStops } } = engine;
  if (!stopQueue) return false;
  const ready: Instance[] = [];
  for (const instance of stopQueue) {
    if (instance.goal === "stop" || instance.state === "waiting") stopQueue.delete(instance);
    else if (hasDependants(engine, instance)) {
      stopQueue.delete(instance);
      heldStops.add(instance);
    } else if (!followsAnother(engine, instance)) ready.push(instance);
  }
  if (ready.length === 0 && !isAnyStopping(engine)) {
    const left = [...stopQueue, ...heldStops];
    ready.push(...(left.length > 0 ? left : instances(engine).filter(({ job }) => !job.definition.task)));
  }
  for (const instance of ready) stop(engine, instance, SHUTDOWN);
  return ready.length > 0;
}

function isAnyStopping({ jobs }: EngineState): boolean {
  for (const job of jobs.values()) {
    for (const { goal } of job.instances.values()) if (goal === "stop") return true;
  }
  return false;
}

function instances(engine: EngineState): Instance[] {
  return Array.from(engine.jobs.values()).flatMap((job) => Array.from(job.instances.values()));
}

/** True when an event that another instance has yet to emit may stop this one. */
function followsAnother(engine: EngineState, { stopOn, environment: own }: Instance): boolean {
  if (!stopOn) return false;
  return stopOn.leaves.some((leaf) => {
    if (leaf.name !== "stopping" && leaf.name !== "stopped") return false;
    return namedInstances(engine, leaf).some((other) => {
      if (other.stopOn === stopOn) return false;
      const variables = environment([`JOB=${other.job.name}`, `INSTANCE=${other.name}`, "RESULT=ok"]);
      const begun = other.goal === "stop" && ON_THE_WAY_DOWN.has(other.state);
      return (!begun && stopOn.wouldTake(new Event("stopping", variables), own)) ||
        stopOn.wouldTake(new Event("stopped", variables), own);
    });
  });
}

/** The instances whose events a condition may match. Most conditions name a job, and there may be thousands of jobs. */
function namedInstances(engine: EngineState, condition: EventCondition): Instance[] {
  const match = jobMatch(condition);
  if (!match || match.negated || !isLiteral(match.value)) return instances(engine);
  return [...engine.jobs.get(match.value)?.instances.values() ?? []];
}

/** The runlevels that end a system: halt and reboot. */
const LAST_RUNLEVELS = ["0", "6"];

/** The events that enter a runlevel, and start and stop its scripts. */
const LEVEL_EVENTS: readonly string[] = [RUNLEVEL_EVENT, ...Object.values(RC_EVENTS)];

/**
 * True when events may start a job. On the way down they start only tasks, and services that start on `session-end`, on
 * the last runlevel, or by its rc: that of a level before may not be over.
 */
export function isStartAllowed(engine: EngineState, job: LoadedJob, events: Event[]): boolean {
  return !engine.stopping && !engine.inLastRunlevel || job.definition.task ||
    events.some((event) => event.name === SESSION_EVENT || isOfLastRunlevel(event));
}

/**
 * Records a change of the runlevel. Where the runlevels 0 and 6 end the system, the jobs that they stop must not start
 * others. Another runlevel after these is back to normal.
 */
export function noteRunlevel(engine: EngineState, event: Event): void {
  if (event.name === RUNLEVEL_EVENT && engine.endsWithRunlevel) {
    engine.inLastRunlevel = isOfLastRunlevel(event);
  }
}

function isOfLastRunlevel({ name, environment }: Event): boolean {
  return LEVEL_EVENTS.includes(name) && LAST_RUNLEVELS.includes(environment.get("RUNLEVEL") ?? "");
}
