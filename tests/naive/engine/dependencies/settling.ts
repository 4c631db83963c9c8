/** Who goes on that dependencies have held, and who starts by conditions on others, found by looking at all. */

import type { Effect } from "../../../../lib/engine/effects.ts";
import { levelOf } from "../../../../lib/model/condition.ts";
import { printable } from "../../../../lib/model/text/printable.ts";
import { start } from "../happenings.ts";
import { goOn, stop } from "../life.ts";
import { isUp, mayBeHeld, mayBeHeldInStop } from "../table.ts";
import {
  display,
  eventsBy,
  type Happening,
  type Instance,
  isMet,
  isPossible,
  type Job,
  leavesOf,
  nameOf,
  type World,
} from "../world.ts";
import { isStillThere, meantBy } from "./graph.ts";
import { isToGo, startNeeded, whyNever } from "./holds.ts";
import { stallOf, whenOf, whyFailed, whyImpossible } from "./reasons.ts";
import { startWaits, stopWaits } from "./waits.ts";

/**
 * True when the other engine tells this next. One that waits need not find out at once that what names mean has come to be a
 * circle, or a conflict, far away from it: it finds out when something about what it needs changes.
 */
function isNext(world: World, message: string): boolean {
  const next = world.hint[world.effects.length];
  return next?.kind === "log" && next.message === message;
}

/** True when something happens if an instance looks at its dependencies again. */
function mayMove(world: World, instance: Instance): boolean {
  if (!mayBeHeld(instance)) return false;
  if (mayBeHeldInStop(instance)) {
    const waits = stopWaits(world, instance);
    return waits.length === 0 || instance.isForced ||
      waits.some(({ instance: other, isNeeded }) => isNeeded && isToGo(world, other));
  }
  if (instance.goal === "stop") return true;
  const never = whyImpossible(world, instance.job);
  if (never !== undefined) return isNext(world, never);
  if (whyFailed(world, instance.job)) return true;
  const stall = stallOf(world, instance), waits = startWaits(world, instance);
  if (stall?.text !== instance.stall || stall && instance.waiters.length > 0) return true;
  if (waits.length === 0) return true;
  return !waits[0]!.edge && waits.some(({ target }) => target!.instances.some(({ goal }) => goal !== "stop"));
}

/** A message on an instance that another one stops. */
const BY_ANOTHER = / is stopped: (?:it needs )?(.+?)(?: conflicts with it|, which stops)$/;

/** Of several that may go on, the one of which the other engine tells next: the manual leaves that order open. */
export function choose(world: World, instances: Instance[]): Instance | undefined {
  for (const effect of world.hint.slice(world.effects.length)) {
    const told = instances.find((instance) => isAbout(effect, instance));
    if (told) return told;
  }
  return instances[0];
}

function isAbout(effect: Effect, instance: Instance): boolean {
  if (effect.kind === "log") return BY_ANOTHER.exec(effect.message)?.[1] === display(instance);
  if (effect.kind === "answer") {
    return instance.waiters.some((one) => "request" in one && one.request === effect.request);
  }
  if (effect.kind !== "notice" || !("instance" in effect.notice)) return false;
  return effect.notice.job === nameOf(instance.job) && effect.notice.instance === instance.name;
}

/** True when the other engine tells those next who wait for an instance. */
function isToldNext(world: World, instance: Instance): boolean {
  const next = world.hint[world.effects.length], stall = stallOf(world, instance);
  if (
    next?.kind !== "answer" || !stall ||
    !next.error?.message.endsWith(`\n${printable(stall.text + whenOf(world, instance))}`)
  ) {
    return false;
  }
  return instance.waiters.some((one) => "request" in one && one.request === next.request);
}

/** True when nobody sees what changes about an instance: why it cannot go on. */
function isSilent(world: World, instance: Instance): boolean {
  return instance.state === "starting" && instance.goal !== "stop" && instance.waiters.length === 0 &&
    whyNever(world, instance) === undefined && startWaits(world, instance)[0]?.edge !== undefined;
}

/** Has all go on that may, then looks at who is up, for conditions on that. True when anything has happened. */
export function lookAtAll(world: World): boolean {
  let hasMoved = false;
  const next = () => {
    const movable = world.instances.filter((one) => mayMove(world, one));
    return movable.find((one) => isToldNext(world, one)) ?? movable.find((one) => isSilent(world, one)) ??
      choose(world, movable);
  };
  for (let instance = next(); instance; instance = next()) {
    goOn(world, instance);
    hasMoved = true;
  }
  while (lookAtLevels(world)) hasMoved = true;
  return hasMoved || openCircle(world);
}

/** Starts and stops a job whose condition says that others are up. True when such a condition has changed. */
function lookAtLevels(world: World): boolean {
  for (const job of world.jobs) {
    const leaves = job.startOn ? leavesOf(job.startOn.tree) : [],
      levels = leaves.map(({ leaf }) => levelOf(leaf));
    const ups = levels.map((name) => name === undefined ? undefined : upBy(world, name));
    const hasChanged = levels.some((name, index) =>
      name !== undefined && (ups[index] !== undefined) !== (leaves[index]!.isUp === true)
    );
    if (!job.startOn || !hasChanged) continue;
    const { startOn } = job, wasMet = isMet(startOn.tree), wasPossible = isPossible(startOn);
    const chains: Job[][] = [];
    let come = nameOf(job), gone = nameOf(job);
    levels.forEach((name, index) => {
      const up = ups[index];
      if (name === undefined) return;
      leaves[index]!.isUp = up !== undefined;
      if (up) come = name;
      else gone = name;
      for (const { state, chain } of up?.instances ?? []) if (isUp(state)) chains.push(chain);
    });
    if (isMet(startOn.tree) && !wasMet) {
      const instance = start(world, job, eventsBy(startOn.tree), { by: "dependency", job: come }, chains);
      world.reset(startOn);
      if (instance) startNeeded(world, [instance]);
    } else if (wasPossible && !isPossible(startOn)) {
      for (const instance of [...job.instances]) stop(world, instance, { by: "dependency", job: gone });
    }
    return true;
  }
  return false;
}

function upBy(world: World, name: string): Job | undefined {
  return meantBy(world, name).map((job) => world.job(job)!).find((job) =>
    isStillThere({ completed: false }, job)
  );
}

/** Opens a circle of events and dependencies: an instance in it lets the events go for which others wait. */
function openCircle(world: World): boolean {
  const isAwaited = (event: Happening) => event.waiter !== undefined && typeof event.waiter !== "number";
  const holdsAwaited = ({ waiters }: Instance) => waiters.some((one) => "name" in one && isAwaited(one));
  const holders = world.instances.filter((one) => holdsAwaited(one) && mayBeHeld(one))
    .sort((one, other) => display(one) < display(other) ? -1 : 1);
  const holder = holders.find((one) => isInCircle(world, one));
  if (!holder) return false;
  const released = holder.waiters.filter((one): one is Happening => "name" in one && isAwaited(one));
  for (const event of released) {
    holder.waiters.splice(holder.waiters.indexOf(event), 1);
    world.release(event);
  }
  const which = released.map(({ name, variables }) => [name, ...variables.values().slice(0, 1)].join(" "));
  world.log(
    "warn",
    `${display(holder)} is not waited for by events that it waits for itself: ${which.join(", ")}`,
  );
  return true;
}

function isInCircle(world: World, first: Instance): boolean {
  const reached = new Set(awaitedBy(world, first).filter((one) => one !== first));
  for (const next of reached) {
    for (const one of awaitedBy(world, next)) {
      if (one === first) return true;
      reached.add(one);
    }
  }
  return false;
}

/** The instances for which one waits. */
function awaitedBy(world: World, instance: Instance): Instance[] {
  const { blocker, goal } = instance;
  if (blocker) return world.instances.filter(({ waiters }) => waiters.includes(blocker));
  if (!mayBeHeld(instance)) return [];
  if (mayBeHeldInStop(instance)) return stopWaits(world, instance).map((wait) => wait.instance);
  return goal === "stop" ? [] : startWaits(world, instance).flatMap(({ target }) => target?.instances ?? []);
}
