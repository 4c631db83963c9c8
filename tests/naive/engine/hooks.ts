/** The bounds of hooks, and the end of what a main process leaves behind. */

import type { InstanceProcess } from "../../../lib/model/job.ts";
import { SIGKILL, SIGTERM } from "../../../lib/model/signals.ts";
import { fail, goOn } from "./life.ts";
import { inSeconds } from "./respawns.ts";
import { finishesStart, isScript, isStartHook, isStopHook, runningHook } from "./table.ts";
import { describe, display, has, type Instance, isRouse, nameOf, type World } from "./world.ts";

/** True when nobody needs a hook any more. By Upstart's semantics each hook is let finish. */
function isUnneeded(instance: Instance, hook: InstanceProcess): boolean {
  if (hook === "post-stop") return false;
  if (instance.isForced) return true;
  if (!isRouse(instance) && !instance.isTimedOut) return false;
  return isStartHook(hook) ? instance.goal !== "start" : !has(instance, "main");
}

/** Ends the hook that runs, if nobody needs it. */
export function endUnneededHook(world: World, instance: Instance): void {
  const hook = runningHook(instance);
  if (hook && isUnneeded(instance, hook)) endHook(world, instance, hook, SIGTERM);
}

/** Kills the hook that runs. */
export function killHook(world: World, instance: Instance): void {
  const hook = runningHook(instance);
  if (hook) endHook(world, instance, hook, SIGKILL);
}

function endHook(world: World, instance: Instance, hook: InstanceProcess, wanted: number): void {
  if (instance.abortedHook && wanted === SIGTERM) return;
  const signal = instance.isForced ? SIGKILL : wanted;
  instance.abortedHook = hook;
  forgetBounds(world, instance);
  world.signal(instance, hook, signal);
  if (signal === SIGTERM) world.setTimer(instance, "hook-kill", instance.job.definition.killTimeout * 1000);
}

export function forgetBounds(world: World, instance: Instance): void {
  world.clearTimer(instance, "hook-bound");
  world.clearTimer(instance, "hook-kill");
}

/** A hook runs: it is bounded by its start's time-out, or has a bound of its own. */
export function hookBegun(world: World, instance: Instance, hook: InstanceProcess): void {
  if (isUnneeded(instance, hook)) return endHook(world, instance, hook, SIGTERM);
  if (isStartHook(hook) && instance.job.definition.startTimeout !== undefined) return;
  world.setTimer(instance, "hook-bound", boundOf(instance, hook) ?? 60_000);
}

/** How long a hook of the stop may run, in ms. */
function boundOf(instance: Instance, hook: InstanceProcess): number | undefined {
  const { killTimeout, startTimeout } = instance.job.definition;
  if (!isStopHook(hook)) return undefined;
  if (instance.isForced) return killTimeout * 1000;
  return (isRouse(instance) || isScript(instance)) && startTimeout !== undefined
    ? startTimeout * 1000
    : undefined;
}

/** A hook has run for as long as it may, or for a minute. */
export function hookRunsLong(world: World, instance: Instance): void {
  const hook = runningHook(instance) ?? (finishesStart(instance) ? "main" : undefined);
  if (!hook) return;
  const bound = boundOf(instance, hook), who = describe(instance, hook, instance.pids.get(hook)!);
  if (bound === undefined) {
    const time = inSeconds(hook === "main" ? world.now - instance.mainStartedAt : 60_000);
    world.log(
      "warn",
      `${who} has run for ${time}, and ${waitersOf(instance, hook)} for its end; ` +
        `\`initctl stop --force ${nameOf(instance.job)}\` ends it`,
    );
    if (hook === "main") world.setTimer(instance, "hook-bound", 60_000);
    return;
  }
  const message = `${who} has run for ${bound / 1000} s, ending it`;
  world.log("warn", message);
  if (hook === "post-stop") fail(world, instance, { process: hook, message });
  endHook(world, instance, hook, SIGTERM);
}

/** Who waits for a hook, in words. */
function waitersOf(instance: Instance, hook: InstanceProcess): string {
  const events = instance.waiters.flatMap((waiter) => "name" in waiter ? [`the event ${waiter.name}`] : []);
  const requests = instance.waiters.length - events.length;
  const all = [`the ${isStopHook(hook) ? "stop" : "start"} of ${display(instance)}`, ...events.slice(0, 5)];
  if (events.length > 5) all.push("other events");
  if (requests > 0) all.push(requests === 1 ? "1 request" : `${requests} requests`);
  if (all.length === 1) return `${all[0]} waits`;
  return `${all.slice(0, -1).join(", ")} and ${all.at(-1)} wait`;
}

/** The main process has ended, in the state `killed`: what it has left behind is ended, where the job says so. */
export function endLeftovers(world: World, instance: Instance): void {
  const { isForgotten, isForced, leaders, job: { definition } } = instance;
  const isEnded = definition.killMode === "group" || instance.script === "orphaned";
  if (isForgotten || !isEnded || leaders.length + definition.cgroups.length === 0) {
    return;
  }
  const killAt = world.now + (isForced ? 0 : definition.killTimeout * 1000);
  instance.leftovers = { looks: 0, killAt, kills: 0 };
  look(world, instance, isForced ? SIGKILL : SIGTERM);
}

function look(world: World, { job, name, leaders }: Instance, signal: number): void {
  world.effect({ kind: "end-leftovers", job: nameOf(job), instance: name, leaders: [...leaders], signal });
}

/** Has what is left killed at once. */
export function killLeftovers(world: World, instance: Instance): void {
  if (!instance.leftovers) return;
  instance.leftovers.killAt = world.now;
  lookAtLeftovers(world, instance);
}

/** It is time for another look, and for SIGKILL if their time is over. */
export function lookAtLeftovers(world: World, instance: Instance): void {
  const { leftovers } = instance;
  if (!leftovers) return;
  world.clearTimer(instance, "leftovers");
  const isOver = world.now >= leftovers.killAt;
  if (isOver) {
    if (leftovers.kills === 0) leftovers.looks = 0;
    leftovers.kills++;
  }
  look(world, instance, isOver ? SIGKILL : 0);
}

/** Init has looked, and these were there. */
export function leftoversSeen(world: World, instance: Instance, pids: number[]): void {
  const { leftovers } = instance;
  if (!leftovers || instance.timers.has("leftovers")) return;
  const which = pids.slice(0, 10).join(", ") + (pids.length > 10 ? ", …" : "");
  if (pids.length > 0 && leftovers.kills < 20) {
    if (leftovers.looks + leftovers.kills === 0) {
      world.log("info", `${display(instance)} main process has left others behind, ending them: ${which}`);
    }
    const delay = Math.min(200, 10 * 2 ** leftovers.looks), left = leftovers.killAt - world.now;
    leftovers.looks++;
    return world.setTimer(instance, "leftovers", left > 0 && left < delay ? left : delay);
  }
  if (pids.length > 0) {
    world.log(
      "warn",
      `${
        display(instance)
      } goes on, though what its main process has left behind could not be ended: ${which}`,
    );
  }
  instance.leftovers = undefined;
  instance.leaders = [];
  goOn(world, instance);
}
