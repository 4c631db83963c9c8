/** The shutdown of all jobs, at once or in order. */

import { type EventCondition, jobMatch } from "../../../lib/model/condition.ts";
import { environment } from "../../../lib/model/environment.ts";
import type { Cause } from "../../../lib/model/insight/journal.ts";
import { choose } from "./dependencies/settling.ts";
import { hasDependants } from "./dependencies/waits.ts";
import { stop } from "./life.ts";
import { isPlain, speaksOf } from "./matching.ts";
import { isBetween, isOnTheWayDown } from "./table.ts";
import { type Instance, leavesOf, nameOf, type World } from "./world.ts";

const SHUTDOWN: Cause = { by: "shutdown" };

/** Begins the shutdown. In order, those that are up are stopped one after the other. */
export function shutDown(world: World, inOrder: boolean): void {
  const { instances } = world;
  world.stopping = true;
  if (inOrder) world.stopQueue = instances;
  for (const instance of instances) {
    const isUp = instance.goal === "start" && isBetween(instance.state, "spawned", "pre-stop");
    if (!inOrder || !isUp) stop(world, instance, SHUTDOWN);
  }
}

/** Stops those in order whose turn it is. True when it has stopped any. */
export function stopNext(world: World): boolean {
  if (!world.stopQueue) return false;
  world.stopQueue = world.stopQueue.filter(({ goal, state }) => goal !== "stop" && state !== "waiting");
  let ready = world.stopQueue.filter((one) => !hasDependants(world, one) && !followsAnother(world, one));
  if (ready.length === 0 && world.instances.every(({ goal }) => goal !== "stop")) {
    ready = world.stopQueue;
    if (ready.length === 0) ready = world.instances.filter(({ job }) => !job.definition.task);
  }
  const hasAny = ready.length > 0;
  for (let next = choose(world, ready); next; next = choose(world, ready)) {
    ready = ready.filter((other) => other !== next);
    stop(world, next, SHUTDOWN);
  }
  return hasAny;
}

/** True when an event that another instance has yet to emit stops this one. */
function followsAnother(world: World, { stopOn, environment: own }: Instance): boolean {
  return stopOn !== undefined && leavesOf(stopOn.tree).some(({ leaf }) => {
    if (leaf.name !== "stopping" && leaf.name !== "stopped") return false;
    return meant(world, leaf).some((other) => {
      if (other.stopOn === stopOn) return false;
      const variables = environment([`JOB=${nameOf(other.job)}`, `INSTANCE=${other.name}`, "RESULT=ok"]);
      const isBegun = other.goal === "stop" && isOnTheWayDown(other.state);
      return leavesOf(stopOn.tree).some(({ leaf: any }) =>
        !isBegun && speaksOf(any, { name: "stopping", variables }, own) ||
        speaksOf(any, { name: "stopped", variables }, own)
      );
    });
  });
}

/** The instances whose events a condition may be about. */
function meant(world: World, leaf: EventCondition): Instance[] {
  const match = jobMatch(leaf);
  if (!match || match.negated || !isPlain(match.value)) return world.instances;
  return world.job(match.value)?.instances ?? [];
}
