/** Respawns: which exits are failures, how often a job may respawn, how long a respawn waits, and how it begins. */

import { type Exit, isSuccess, sameExit } from "../../model/exit.ts";
import { forgetSetback, runFailed } from "../dependencies/changes.ts";
import { reasonOf } from "../dependencies/reasons.ts";
import type { EngineState } from "../engine_state.ts";
import { emitJobEvent } from "../events/job_events.ts";
import type { FailureCause, Instance } from "../instance.ts";
import { changeGoal, jumpTo, stopFailed } from "../lifecycle.ts";
import { fail, runFailure, settleWaiters } from "../outcome.ts";
import { statesBetween } from "../states.ts";
import { respawnDelay } from "./backoff.ts";
import { abortUnneededHook, isBusy } from "./hook_bounds.ts";
import { inSeconds } from "./notes.ts";

/** The states in which the main process runs, and the job is not up yet. */
const COMING_UP = statesBetween("spawned", "post-start");

/**
 * True when the exit of a main process is a failure. A service with `respawn` fails by any exit, other jobs by any but
 * status 0. With rouse's own semantics, or with `ready`, a service fails by any exit before it is up. An exit that
 * `normal exit` lists is never a failure.
 */
export function isFailure({ job, isRouse, state }: Instance, exit: Exit): boolean {
  const { respawn, task, normalExit, ready, directed } = job.definition;
  if (directed) return false;
  const isTooEarly = (isRouse || ready !== undefined) && COMING_UP.has(state);
  if (isSuccess(exit) && (task || !respawn && !isTooEarly)) return false;
  return !normalExit.some((normal) => sameExit(normal, exit));
}

/** True when a main process has ended with success, but before the job was up, where that is a failure. */
export function endedTooEarly(instance: Instance, exit: Exit): boolean {
  const { isRouse, goal, state, job } = instance;
  if (goal !== "start" || !isSuccess(exit) || !COMING_UP.has(state)) return false;
  return (isRouse || job.definition.ready !== undefined) && isFailure(instance, exit);
}

/**
 * A start, or a main process, has failed. True when the instance is respawned, and on its way; else the failure is final,
 * and the caller stops the instance.
 */
export function failOrRespawn(engine: EngineState, instance: Instance, cause: FailureCause): boolean {
  instance.lastExit = cause.exit ?? instance.lastExit;
  if (!instance.job.definition.respawn || engine.stopping) fail(engine, instance, cause);
  else if (countRespawn(engine, instance)) {
    respawn(engine, instance, cause);
    return true;
  } else giveUp(engine, instance, cause);
  return false;
}

/** A main process, or a start, has failed: the instance is respawned, or stopped. */
export function respawnOrStop(engine: EngineState, instance: Instance, cause: FailureCause): void {
  if (!failOrRespawn(engine, instance, cause)) stopFailed(engine, instance, cause);
}

/** A start has taken too long: what runs is ended, and the instance is respawned, or stopped. */
export function timedOut(engine: EngineState, instance: Instance, message: string): void {
  instance.isTimedOut = true;
  // It is to stop, and what is in the way of that has had its time.
  if (instance.goal !== "start") {
    // A script that was to finish its start before it stops.
    if (instance.state === "spawned") return jumpTo(engine, instance, "stopping");
    return abortUnneededHook(engine, instance);
  }
  engine.log("warn", message);
  respawnOrStop(engine, instance, { process: "timeout", message });
}

/** Counts a respawn, and sets how long it waits. False when it exceeds `respawn limit`. */
function countRespawn(engine: EngineState, instance: Instance): boolean {
  const { respawnLimit: limit, respawnDelay: backoff } = instance.job.definition;
  if (backoff) {
    const { upSince } = instance;
    const wasLong = upSince !== undefined && engine.now - upSince >= backoff.resetAfter * 1000;
    instance.failures = wasLong ? 1 : instance.failures + 1;
    instance.nextStartAt = engine.now + respawnDelay(instance.displayName, instance.failures, backoff);
  }
  if (limit === "unlimited" || limit.count === 0 || limit.interval === 0) {
    if (!backoff) countUnlimited(engine, instance);
    return true;
  }
  if (engine.now - instance.respawnsSince < limit.interval * 1000) {
    return ++instance.respawns <= limit.count;
  }
  instance.respawnsSince = engine.now;
  instance.respawns = 1;
  return true;
}

/**
 * Without a limit and a delay: so many respawns in a row may begin at once within a second (ms), that is, after runs of
 * less than a fifth of it each. The next one waits until that second is over, and further ones begin this long (ms) after
 * each other.
 */
const MOST_AT_ONCE = 5, SECOND = 1000, SHORT_RUN = SECOND / MOST_AT_ONCE, LEAST_TIME = 100;

function countUnlimited(engine: EngineState, instance: Instance): void {
  const { mainStartedAt } = instance;
  const isShort = engine.now - mainStartedAt < SHORT_RUN;
  instance.respawns = isShort ? instance.respawns + 1 : 0;
  if (instance.respawns <= 1) instance.respawnsSince = mainStartedAt;
  instance.nextStartAt = instance.respawns <= MOST_AT_ONCE
    ? undefined
    : Math.max(instance.respawnsSince + SECOND, mainStartedAt + LEAST_TIME);
  if (instance.respawns === MOST_AT_ONCE + 1) {
    engine.log("warn", `${instance.displayName} respawning too fast, ten times a second from now on`);
  }
}

/** Forgets how often an instance has failed. A respawn that is delayed begins at once. */
export function forgetFailures(engine: EngineState, instance: Instance): void {
  instance.failures = 0;
  instance.respawns = 0;
  instance.respawnsSince = -Infinity;
  instance.nextStartAt = undefined;
  forgetSetback(engine, instance);
  if (instance.timers.has("start-delay")) changeGoal(engine, instance, instance.goal, { by: "request" });
}

/** Begins a respawn: at once, or, while a hook runs, after that. Who waits for the start is told, where jobs are rouse's. */
function respawn(engine: EngineState, instance: Instance, cause: FailureCause): void {
  const { displayName, nextStartAt = engine.now } = instance;
  const failed = whatFailed(cause);
  if (failed !== undefined) engine.log("warn", `${displayName} ${failed}, respawning`);
  engine.notice({
    kind: "respawned",
    job: instance.job.name,
    instance: instance.name,
    failure: runFailure(cause),
  });
  runFailed(engine, instance, cause);
  if (instance.isRouse || instance.isTimedOut) {
    const delay = nextStartAt - engine.now;
    const when = delay > 0 ? `in ${inSeconds(delay)}` : "at once";
    settleWaiters(engine, instance, true, `${cause.message}; it is tried again ${when}`);
  }
  if (isBusy(instance)) changeGoal(engine, instance, "respawn", { by: "respawn" });
  else jumpTo(engine, instance, "stopping");
}

/** The cause of a respawn in the log, where its details have been told; undefined where that has told of the respawn, too. */
function whatFailed({ process }: FailureCause): string | undefined {
  if (process === "health") return undefined;
  if (process === "timeout") return "start timed out";
  return process === "main" ? "main process ended" : `${process} process failed`;
}

/** The respawn limit is exceeded. */
function giveUp(engine: EngineState, instance: Instance, cause: FailureCause): void {
  const { job, displayName } = instance;
  engine.log("warn", `${displayName} respawning too fast, stopped`);
  fail(engine, instance, {
    process: "respawn",
    reason: `it was respawned too often; at last, ${reasonOf(cause)}`,
    ...(cause.message !== undefined &&
      { message: `${cause.message}; it is not tried again, as it fails too often` }),
  }, { ...runFailure(cause), gaveUp: true });
  if (job.definition.onGiveUp === "event") emitJobEvent(engine, instance, "gave-up", cause);
}
