/** Why a start cannot be, why it has failed by another job, and why nobody knows when it goes on: in words. */

import type { Exit } from "../../../../lib/model/exit.ts";
import { closest } from "../../../../lib/model/text/closest.ts";
import { allNames, conflictsOf, type Edge, edgesOf, isOfWork, isThere, targetOf } from "./graph.ts";
import { shortened } from "../happenings.ts";
import { inSeconds } from "../respawns.ts";
import { type Instance, type Job, nameOf, type World } from "../world.ts";

/** Why a need is not going to be met. */
export interface NeedFailure {
  message: string;
  exit?: Exit | undefined;
  isCurable?: boolean;
}

function needsOf(world: World, job: Job): Edge[] {
  return edgesOf(world, job).filter(({ kind }) => kind === "needs");
}

/** Why a job cannot start whatever happens. `isNeeded`: another one needs it, and what takes long was asked for that. */
export function whyImpossible(world: World, job: Job, isNeeded = false): string | undefined {
  const name = nameOf(job), circle = isNeeded ? undefined : circleOf(world, job);
  if (circle) {
    const links = circle.map((member, index) => `${member} needs ${circle[(index + 1) % circle.length]}`);
    return `${name} cannot start: ${links.join(", ")}`;
  }
  for (const edge of needsOf(world, job)) {
    const target = targetOf(world, edge);
    if (!target) {
      const meant = closest(edge.name, allNames(world));
      return `${name} needs ${edge.name}, which no job provides${meant ? `; did you mean \`${meant}'?` : ""}`;
    }
    if (conflictsOf(world, job).includes(target)) {
      return `${name} needs ${nameOf(target)} and conflicts with it`;
    }
  }
  return isNeeded ? undefined : conflictAmong(world, job);
}

/** The shortest circle of needs that leads from a job back to it. */
function circleOf(world: World, job: Job): string[] | undefined {
  const ways = [[job]], seen: Job[] = [];
  for (const way of ways) {
    for (const edge of needsOf(world, way.at(-1)!)) {
      const target = edge.givesWay ? targetOf(world, edge) : undefined;
      if (target === job) return way.map(nameOf);
      if (!target || seen.includes(target)) continue;
      seen.push(target);
      ways.push([...way, target]);
    }
  }
  return undefined;
}

/** What conflicts among a job and all that it needs. */
function conflictAmong(world: World, job: Job): string | undefined {
  const together = new Set([job]), name = nameOf(job);
  for (const member of together) {
    for (const edge of needsOf(world, member)) {
      const target = targetOf(world, edge);
      if (target && !isOfWork(edge, target)) together.add(target);
    }
  }
  for (const member of together) {
    const other = conflictsOf(world, member).find((one) => together.has(one));
    if (!other) continue;
    return member === job
      ? `${name} cannot start: by way of others it needs ${nameOf(other)}, and conflicts with it`
      : `${name} cannot start: it needs ${nameOf(member)} and ${nameOf(other)}: these conflict`;
  }
  return undefined;
}

/** The needs of a job that are not met, as `NAME needs OTHER`. */
function open(world: World, job: Job): { says: string; target: Job }[] {
  return needsOf(world, job).flatMap((edge) => {
    const target = targetOf(world, edge);
    if (!target || isThere(edge, target)) return [];
    const other = edge.name === nameOf(target) ? edge.name : `${edge.name} (${nameOf(target)})`;
    return [{ says: `${nameOf(job)} needs ${other}`, target }];
  });
}

/** Why a need has failed. */
export function whyFailed(world: World, job: Job): NeedFailure | undefined {
  for (const { says, target: { instances, lastFailure } } of open(world, job)) {
    if (instances.length > 0) continue;
    if (lastFailure) {
      const { reason, exit } = lastFailure;
      return { exit, message: `${says}, which failed: ${reason}`, isCurable: !world.stopping };
    }
    if (world.stopping) return { message: `${says}, which is not started: init is on its way down` };
  }
  return undefined;
}

/** Why nobody knows when an instance goes on, and the one that it waits for. */
export function stallOf(
  world: World,
  { job }: Instance,
): { text: string; by?: Instance | undefined } | undefined {
  const needs = open(world, job);
  for (const { says, target: { instances } } of needs) {
    const [by] = instances;
    if (!by) return { text: `${says}, which is stopped` };
    if (instances.some(({ stall }) => stall === undefined)) continue;
    return { text: `${says}, which waits: ${shortened(by.stall!)}`, by };
  }
  for (const { says, target: { instances } } of needs) {
    const [by] = instances;
    if (!by?.setback || !instances.every(({ setback }) => setback?.isStart)) continue;
    return { text: `${says}, which failed: ${by.setback.reason}; it is tried again`, by };
  }
  return undefined;
}

/** When the one that is tried again at the end of such a chain is, behind the reason. */
export function whenOf(world: World, instance: Instance, seen: Instance[] = []): string {
  const by = stallOf(world, instance)?.by;
  if (!by || seen.includes(instance)) return "";
  if (by.stall !== undefined) return whenOf(world, by, [...seen, instance]);
  const at = by.timers.get("start-delay")?.deadline ?? by.nextStartAt;
  if (at === undefined) return "";
  return at > world.now ? ` in ${inSeconds(at - world.now)}` : " at once";
}
