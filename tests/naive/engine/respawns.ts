/** Respawns: which ends are failures, how often an instance is tried again, and when. */

import { type Exit, isSuccess, sameExit } from "../../../lib/model/exit.ts";
import type { Backoff } from "../../../lib/model/job.ts";
import { forgetStalls } from "./dependencies/holds.ts";
import { emitJobEvent, reasonOf, shortened } from "./happenings.ts";
import { endUnneededHook } from "./hooks.ts";
import { asNotice, breakOff, fail, setGoal, settle, stopFailed } from "./life.ts";
import { isBetween, isBusy } from "./table.ts";
import { display, type Failure, type Instance, isRouse, nameOf, type World } from "./world.ts";

/** True when a main process that ends so has failed. */
export function isFailure(instance: Instance, exit: Exit): boolean {
  const { respawn, task, normalExit, directed } = instance.job.definition;
  if (directed || normalExit.some((normal) => sameExit(normal, exit))) return false;
  if (!isSuccess(exit)) return true;
  return !task && (respawn || isComingUp(instance));
}

/** True while a service comes up whose end would be too early. */
function isComingUp(instance: Instance): boolean {
  return (isRouse(instance) || instance.job.definition.ready !== undefined) &&
    isBetween(instance.state, "spawned", "post-start");
}

/** True when a main process has ended well, but before the job was up. */
export function endsTooEarly(instance: Instance, exit: Exit): boolean {
  return instance.goal === "start" && isSuccess(exit) && isComingUp(instance) && isFailure(instance, exit);
}

/** A run has failed. True when it is tried again; else the caller stops the instance. */
export function failOrRespawn(world: World, instance: Instance, cause: Failure): boolean {
  instance.lastExit = cause.exit ?? instance.lastExit;
  if (!instance.job.definition.respawn || world.stopping) {
    fail(world, instance, cause);
    return false;
  }
  if (!mayRespawn(world, instance)) {
    giveUp(world, instance, cause);
    return false;
  }
  tryAgain(world, instance, cause);
  return true;
}

export function respawnOrStop(world: World, instance: Instance, cause: Failure): void {
  if (!failOrRespawn(world, instance, cause)) stopFailed(world, instance, cause);
}

/** The time of a start is over. */
export function timedOut(world: World, instance: Instance, message: string): void {
  instance.isTimedOut = true;
  if (instance.goal === "start") {
    world.log("warn", message);
    respawnOrStop(world, instance, { process: "timeout", message });
  } else if (instance.state === "spawned") breakOff(world, instance);
  else endUnneededHook(world, instance);
}

/** Counts a respawn, and says when it may begin. */
function mayRespawn(world: World, instance: Instance): boolean {
  const { respawnLimit: limit, respawnDelay: backoff } = instance.job.definition, { now } = world;
  if (backoff) {
    const wasLong = instance.upSince !== undefined && now - instance.upSince >= backoff.resetAfter * 1000;
    instance.failures = (wasLong ? 0 : instance.failures) + 1;
    instance.nextStartAt = now +
      delayOf(`${display(instance)} ${instance.failures}`, instance.failures, backoff);
  }
  if (limit === "unlimited" || limit.count === 0 || limit.interval === 0) {
    if (!backoff) slowDown(world, instance);
    return true;
  }
  if (now - instance.respawnsSince >= limit.interval * 1000) {
    instance.respawnsSince = now;
    instance.respawns = 0;
  }
  instance.respawns++;
  return instance.respawns <= limit.count;
}

/** How long the respawn after so many failures waits, in ms. Its jitter comes from a hash (FNV-1a) of this text. */
function delayOf(text: string, failures: number, { delay, factor, max, jitter }: Backoff): number {
  let hash = 0x811c9dc5;
  for (const character of text) hash = Math.imul(hash ^ character.charCodeAt(0), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  const spread = ((hash ^ (hash >>> 13)) >>> 0) / 0x7fffffff - 1;
  return Math.round(Math.min(max, delay * factor ** (failures - 1)) * 1000 * (1 + jitter * spread));
}

/** Without limit or delay: after five runs in a row of less than 0.2 s, ten respawns a second. */
function slowDown(world: World, instance: Instance): void {
  const { mainStartedAt } = instance;
  instance.respawns = world.now - mainStartedAt < 200 ? instance.respawns + 1 : 0;
  if (instance.respawns <= 1) instance.respawnsSince = mainStartedAt;
  instance.nextStartAt = undefined;
  if (instance.respawns <= 5) return;
  instance.nextStartAt = Math.max(instance.respawnsSince + 1000, mainStartedAt + 100);
  if (instance.respawns > 6) return;
  world.log("warn", `${display(instance)} respawning too fast, ten times a second from now on`);
}

/** A time in a message. */
export function inSeconds(time: number): string {
  return time < 9950 ? `${Number((time / 1000).toFixed(1))} s` : `${Math.round(time / 1000)} s`;
}

function tryAgain(world: World, instance: Instance, cause: Failure): void {
  const { job, name, nextStartAt = world.now } = instance, { process } = cause;
  const what = process === "timeout"
    ? "start timed out"
    : process === "main"
    ? "main process ended"
    : `${process} process failed`;
  if (process !== "health") world.log("warn", `${display(instance)} ${what}, respawning`);
  world.notice({ kind: "respawned", job: nameOf(job), instance: name, failure: asNotice(cause) });
  instance.setback = {
    reason: shortened(reasonOf(cause)),
    isStart: instance.upSince === undefined || job.definition.task,
  };
  forgetStalls(world, job);
  if (isRouse(instance) || instance.isTimedOut) {
    const delay = nextStartAt - world.now, when = delay > 0 ? `in ${inSeconds(delay)}` : "at once";
    settle(world, instance, true, `${cause.message}; it is tried again ${when}`);
  }
  if (isBusy(instance)) setGoal(world, instance, "respawn", { by: "respawn" });
  else breakOff(world, instance);
}

function giveUp(world: World, instance: Instance, cause: Failure): void {
  world.log("warn", `${display(instance)} respawning too fast, stopped`);
  const { message } = cause;
  fail(world, instance, {
    process: "respawn",
    reason: `it was respawned too often; at last, ${reasonOf(cause)}`,
    message: message === undefined ? undefined : `${message}; it is not tried again, as it fails too often`,
  }, { ...asNotice(cause), gaveUp: true });
  if (instance.job.definition.onGiveUp === "event") emitJobEvent(world, instance, "gave-up", cause);
}
