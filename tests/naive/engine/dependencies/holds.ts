/** Dependencies: what holds a start or a stop, what a start brings with it, and who goes on, found by looking at all. */

import { levelOf } from "../../../../lib/model/condition.ts";
import { ExpansionError } from "../../../../lib/model/expand.ts";
import type { Effect } from "../../../../lib/engine/effects.ts";
import type { Cause } from "../../../../lib/model/insight/journal.ts";
import { printable } from "../../../../lib/model/text/printable.ts";
import {
  conflictsOf,
  type Edge,
  edgesOf,
  edgesTo,
  isComing,
  isOfWork,
  isStillThere,
  isThere,
  meantBy,
  targetOf,
} from "./graph.ts";
import { chainBeside, instanceName, start } from "../happenings.ts";
import { failAndStop, goOn, makeInstance, setGoal, settle, startAfterStop, stop } from "../life.ts";
import { type NeedFailure, stallOf, whenOf, whyFailed, whyImpossible } from "./reasons.ts";
import { inSeconds } from "../respawns.ts";
import { isGone, isOnTheWayDown, isUp, mayBeHeld } from "../table.ts";
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

/** What a start waits for; without an edge, that a job which it conflicts with is gone. */
interface Wait {
  edge?: Edge;
  target: Job | undefined;
}

function startWaits(world: World, { job }: Instance): Wait[] {
  const edges = edgesOf(world, job).map((edge) => ({ edge, target: targetOf(world, edge) })).filter(holds);
  const conflicts = conflictsOf(world, job).filter(({ instances }) => instances.length > 0);
  return [...edges, ...conflicts.map((target) => ({ target }))];
}

function holds({ edge, target }: { edge: Edge; target: Job | undefined }): boolean {
  if (edge.kind === "needs") return !target || !isThere(edge, target);
  return target !== undefined && !edge.givesWay && !isThere(edge, target) && isComing(edge, target, false);
}

/** The instances that have to be gone before one may stop, and whether they cannot be up without it. */
function stopWaits(world: World, stopped: Instance): { instance: Instance; isNeeded: boolean }[] {
  const waits = dependants(world, stopped).filter(({ instance, isNeeded }) =>
    isNeeded || instance.goal === "stop"
  );
  if (waits.length > 0) return waits;
  const first = others(world, stopped, edgesTo(world, stopped.job).filter(({ givesWay }) => !givesWay))
    .find(({ instance }) => instance.goal === "stop" || world.stopQueue !== undefined);
  return first ? [{ ...first, isNeeded: false }] : [];
}

function dependants(world: World, instance: Instance): { instance: Instance; isNeeded: boolean }[] {
  const { job } = instance;
  const edges = edgesTo(world, job).filter((edge) => !edge.givesWay && !isOfWork(edge, job));
  return others(world, instance, edges).map(({ instance: other, edge }) => {
    const isMetByAnother = edge.targets.some((name) => isStillThere(edge, world.job(name)!, instance));
    return { instance: other, isNeeded: edge.kind === "needs" && !isMetByAnother };
  });
}

/** The instances of the jobs that depend on one by these edges, but for those that are gone. */
function others(world: World, instance: Instance, edges: Edge[]): { instance: Instance; edge: Edge }[] {
  return edges.flatMap((edge) =>
    world.job(edge.dependant)!.instances.filter((other) => other !== instance && !isGone(other))
      .map((other) => ({ instance: other, edge }))
  );
}

/** True when somebody has to be gone before an instance where all stop. */
export function hasDependants(world: World, instance: Instance): boolean {
  return dependants(world, instance).length > 0 || stopWaits(world, instance).length > 0;
}

/** True when dependencies keep an instance in its state. They may also end its start, or stop others for it. */
export function isHeldBack(world: World, instance: Instance): boolean {
  if (!mayBeHeld(instance)) return false;
  if (instance.state === "stopping") {
    const waits = stopWaits(world, instance);
    for (const wait of waits) if (wait.isNeeded) bringDown(world, wait.instance, instance);
    return waits.length > 0 && !instance.isForced;
  }
  return instance.goal !== "stop" && isStartHeld(world, instance);
}

function isStartHeld(world: World, instance: Instance): boolean {
  const failure = whyNever(world, instance);
  if (failure) {
    failNeed(world, instance, failure);
    return true;
  }
  const stall = stallOf(world, instance), wasStalled = instance.stall !== undefined;
  instance.stall = stall?.text;
  if (wasStalled && !stall) forgetStalls(world, instance.job);
  if (stall) settle(world, instance, true, stall.text + whenOf(world, instance));
  const [first] = startWaits(world, instance);
  if (first && !first.edge) stopConflicting(world, instance);
  return first !== undefined;
}

/** Something about a job may be better now: what is said of those that need it, one by way of the other, may not be so. */
export function forgetStalls(world: World, job: Job): void {
  const changed = [job];
  for (const better of changed) {
    for (const { kind, dependant } of edgesTo(world, better)) {
      const other = kind === "needs" ? world.job(dependant) : undefined;
      for (const instance of other?.instances ?? []) {
        if (instance.stall === undefined) continue;
        instance.stall = undefined;
        changed.push(instance.job);
      }
    }
  }
}

function whyNever(world: World, instance: Instance): NeedFailure | undefined {
  const message = whyImpossible(world, instance.job);
  return message === undefined ? whyFailed(world, instance.job) : { message };
}

function failNeed(world: World, instance: Instance, { message, exit, isCurable }: NeedFailure): void {
  world.log("warn", isCurable ? `${message}; it does not come back by itself` : message);
  instance.lastExit = exit;
  failAndStop(world, instance, { process: "needs", message });
}

/** True when one that needs another which stops is to stop for that. */
function isToGo(world: World, { goal, state }: Instance): boolean {
  const comesBack = goal === "respawn" || isOnTheWayDown(state);
  return goal !== "stop" && (!comesBack || world.stopping);
}

/** Stops an instance as one that it needs stops, and has it come back with that. */
function bringDown(world: World, instance: Instance, need: Instance): void {
  if (!isToGo(world, instance)) return;
  const cause: Cause = { by: "dependency", job: nameOf(need.job) }, { stopping } = world;
  world.log(
    stopping ? "info" : "warn",
    `${display(instance)} is stopped: it needs ${display(need)}, which stops`,
  );
  if (stopping) settle(world, instance, false);
  instance.stopEnvironment = undefined;
  instance.chain = chainBeside(instance.job, need.chain);
  setGoal(world, instance, "stop", cause);
  if (!stopping) setGoal(world, instance, isOnTheWayDown(instance.state) ? "start" : "respawn", cause);
}

function stopConflicting(world: World, instance: Instance): void {
  for (const job of conflictsOf(world, instance.job)) {
    for (const other of [...job.instances]) {
      if (other.goal === "stop") continue;
      world.log("info", `${display(other)} is stopped: ${display(instance)} conflicts with it`);
      other.chain = chainBeside(job, instance.chain);
      stop(world, other, { by: "dependency", job: nameOf(instance.job) });
    }
  }
}

/** Starts what these instances need and want, and what that needs and wants. */
export function startNeeded(world: World, started: Instance[]): void {
  const chosen: Job[] = [];
  for (const first of started) {
    if (first.goal === "stop") continue;
    chosen.push(first.job);
    const pending = [{ instance: first, isNeeded: false }];
    for (const { instance, isNeeded } of pending) {
      if (instance.goal === "stop") continue;
      const message = whyImpossible(world, instance.job, isNeeded);
      if (message !== undefined) {
        if (instance.state === "starting") failNeed(world, instance, { message });
        continue;
      }
      stopConflicting(world, instance);
      for (const edge of edgesOf(world, instance.job)) {
        if (edge.kind !== "needs" && (edge.kind !== "wants" || edge.givesWay)) continue;
        const target = targetOf(world, edge);
        if (!target || chosen.includes(target)) continue;
        if (conflictsOf(world, target).some((other) => chosen.includes(other))) continue;
        chosen.push(target);
        if (isThere(edge, target) || isComing(edge, target)) continue;
        const next = startFor(world, target, instance);
        if (next) pending.push({ instance: next, isNeeded: edge.kind === "needs" });
      }
    }
  }
}

/** Starts a job because another one depends on it. */
function startFor(world: World, job: Job, dependant: Instance): Instance | undefined {
  if (world.stopping && !job.definition.task) return undefined;
  const variables = world.startVariables(job.definition), name = instanceName(job, variables);
  if (name instanceof ExpansionError) {
    const reason = `an instance of it has to be started by hand: ${name.message}`;
    job.lastFailure = { reason, exit: undefined };
    forgetStalls(world, job);
    return undefined;
  }
  const existing = job.instances.find((one) => one.name === name);
  if (existing && existing.goal !== "stop") return existing.stall === undefined ? undefined : existing;
  const instance = existing ?? makeInstance(world, job, name);
  instance.startEnvironment = variables;
  instance.chain = chainBeside(job, dependant.chain);
  settle(world, instance, false);
  startAfterStop(world, instance, { by: "dependency", job: nameOf(dependant.job) });
  return instance;
}

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
  if (instance.state === "stopping") {
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
  const { blocker, state, goal } = instance;
  if (blocker) return world.instances.filter(({ waiters }) => waiters.includes(blocker));
  if (!mayBeHeld(instance)) return [];
  if (state === "stopping") return stopWaits(world, instance).map((wait) => wait.instance);
  return goal === "stop" ? [] : startWaits(world, instance).flatMap(({ target }) => target?.instances ?? []);
}

/** What an instance waits for by its dependencies, as `status` says it; empty when it does not. */
export function waitNote(world: World, instance: Instance, depth = 1): string {
  if (!mayBeHeld(instance)) return "";
  const isStart = instance.state === "starting";
  const waits = isStart && instance.goal !== "stop" ? startWaits(world, instance) : [];
  const words = isStart
    ? waits.map(inWords)
    : stopWaits(world, instance).map((wait) => `${display(wait.instance)} to stop`);
  if (words.length === 0) return "";
  if (words.length > 1 || depth === 5) {
    const more = words.length > 5 ? ` and ${words.length - 5} more` : "";
    return `waits for ${words.slice(0, 5).join(", ")}${more}`;
  }
  const first = waits[0]?.target?.instances[0];
  const why = first && (waitNote(world, first, depth + 1) || whyNotUp(world, first));
  return `waits for ${words[0]}${why ? `, which ${why}` : ""}`;
}

function inWords({ edge, target }: Wait): string {
  if (!edge) return `${nameOf(target!)} to stop`;
  if (!target) return edge.name;
  const name = edge.name === nameOf(target) ? edge.name : `${edge.name} (${nameOf(target)})`;
  if (target.instances.length === 0) return `${name}, which is stopped`;
  return isOfWork(edge, target) ? `${name} to complete` : name;
}

function whyNotUp(
  world: World,
  { timers, failures, respawns, setback, unready }: Instance,
): string | undefined {
  const delay = timers.get("start-delay");
  if (!delay) return unready && `is not ready: ${unready}`;
  const count = Math.max(failures, respawns), left = Math.max(0, delay.deadline - world.now);
  const why = setback ? `: ${setback.reason}` : "";
  return `respawns in ${inSeconds(left)}, after ${count} failure${count === 1 ? "" : "s"}${why}`;
}
