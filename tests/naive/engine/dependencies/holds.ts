/** What comes of it that an instance waits by its dependencies, and what its start brings with it. */

import { ExpansionError } from "../../../../lib/model/expand.ts";
import type { Cause } from "../../../../lib/model/insight/journal.ts";
import { chainBeside, instanceName } from "../happenings.ts";
import { failAndStop, makeInstance, setGoal, settle, startAfterStop, stop } from "../life.ts";
import { isOnTheWayDown, mayBeHeld, mayBeHeldInStop } from "../table.ts";
import { display, type Instance, type Job, nameOf, type World } from "../world.ts";
import { conflictsOf, edgesOf, edgesTo, isComing, isThere, targetOf } from "./graph.ts";
import { type NeedFailure, stallOf, whenOf, whyFailed, whyImpossible } from "./reasons.ts";
import { startWaits, stopWaits } from "./waits.ts";

/** True when dependencies keep an instance in its state. They may also end its start, or stop others for it. */
export function isHeldBack(world: World, instance: Instance): boolean {
  if (!mayBeHeld(instance)) return false;
  if (mayBeHeldInStop(instance)) {
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

export function whyNever(world: World, instance: Instance): NeedFailure | undefined {
  const message = whyImpossible(world, instance.job);
  return message === undefined ? whyFailed(world, instance.job) : { message };
}

function failNeed(world: World, instance: Instance, { message, exit, isCurable }: NeedFailure): void {
  world.log("warn", isCurable ? `${message}; it does not come back by itself` : message);
  instance.lastExit = exit;
  failAndStop(world, instance, { process: "needs", message });
}

/** True when one that needs another which stops is to stop for that. */
export function isToGo(world: World, { goal, state }: Instance): boolean {
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
