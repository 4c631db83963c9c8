/** What dependencies have an instance wait for: before it starts, and before it stops. */

import { inSeconds } from "../respawns.ts";
import { isGone, isScript, mayBeHeld } from "../table.ts";
import { display, type Instance, type Job, nameOf, type World } from "../world.ts";
import {
  conflictsOf,
  type Edge,
  edgesOf,
  edgesTo,
  isComing,
  isOfWork,
  isStillThere,
  isThere,
  targetOf,
} from "./graph.ts";

/** What a start waits for; without an edge, that a job which it conflicts with is gone. */
export interface Wait {
  edge?: Edge;
  target: Job | undefined;
}

export function startWaits(world: World, { job }: Instance): Wait[] {
  const edges = edgesOf(world, job).map((edge) => ({ edge, target: targetOf(world, edge) })).filter(holds);
  if (edges.length === 0) edges.push(...comingBefore(world, job));
  const conflicts = conflictsOf(world, job).filter(({ instances }) => instances.length > 0);
  return [...edges, ...conflicts.map((target) => ({ target }))];
}

/** A job on its way up that one comes after by way of init scripts that are not. */
function comingBefore(world: World, job: Job): { edge: Edge; target: Job | undefined }[] {
  const passed = new Set([job]);
  for (const next of passed) {
    for (const edge of edgesOf(world, next)) {
      const target = edge.givesWay ? undefined : targetOf(world, edge);
      if (!target || passed.has(target)) continue;
      const plain = { ...edge, completed: false };
      if (!isThere(plain, target) && isComing(plain, target, false)) return [{ edge: plain, target }];
      if (isScript({ job: target })) passed.add(target);
    }
  }
  return [];
}

function holds({ edge, target }: { edge: Edge; target: Job | undefined }): boolean {
  if (edge.kind === "needs") return !target || !isThere(edge, target);
  return target !== undefined && !edge.givesWay && !isThere(edge, target) && isComing(edge, target, false);
}

/** The instances that have to be gone before one may stop, and whether they cannot be up without it. */
export function stopWaits(world: World, stopped: Instance): { instance: Instance; isNeeded: boolean }[] {
  const waits = dependants(world, stopped).filter(({ instance, isNeeded }) =>
    isNeeded || instance.goal === "stop"
  );
  if (waits.length > 0) return waits;
  return goingBefore(world, stopped);
}

/** An instance on its way down that one comes before by way of init scripts that are not. */
function goingBefore(world: World, stopped: Instance): { instance: Instance; isNeeded: boolean }[] {
  const passed = new Set([stopped.job]);
  for (const next of passed) {
    for (const { givesWay, dependant } of edgesTo(world, next)) {
      const job = givesWay ? undefined : world.job(dependant);
      if (!job || passed.has(job)) continue;
      const first = job.instances.find((one) =>
        !isGone(one) && (one.goal === "stop" || world.stopQueue !== undefined)
      );
      if (first) return [{ instance: first, isNeeded: false }];
      if (isScript({ job })) passed.add(job);
    }
  }
  return [];
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
  return dependants(world, instance).length > 0 || goingBefore(world, instance).length > 0;
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
