/**
 * The two states in which dependencies hold an instance. In `starting` it waits until all that it depends on is there, in
 * `stopping` until all that depends on it is gone. It looks once its own event is finished: by then all that the same
 * event starts or stops has begun to.
 */

import type { Cause } from "../../model/insight/journal.ts";
import type { EngineState } from "../engine_state.ts";
import { causeBeside } from "../events/start_loops.ts";
import type { Instance } from "../instance.ts";
import { changeGoal, failAndStop } from "../lifecycle.ts";
import { settleWaiters } from "../outcome.ts";
import { stopConflicting } from "./conflicts.ts";
import { isHeld, isHeldInStop, isOnItsWayDown } from "./phases.ts";
import { type NeedFailure, whenOver, whyFailed, whyImpossible, whyStalled } from "./reasons.ts";
import { graphOf, startWaits, stopWaits } from "./waits.ts";
import { wakeDependants, wakeStalled } from "./wake.ts";

/** True when an instance has to stay in its state because of its dependencies. It may have failed by that, and moved on. */
export function isHeldBack(engine: EngineState, instance: Instance): boolean {
  if (!isHeld(instance) || graphOf(engine).isEmpty) return false;
  if (isHeldInStop(instance)) return holdsStop(engine, instance) && !instance.isForced;
  return instance.goal !== "stop" && holdsStart(engine, instance);
}

function holdsStart(engine: EngineState, instance: Instance): boolean {
  const impossible = whyImpossible(engine, instance);
  const failure = impossible === undefined ? whyFailed(engine, instance) : { message: impossible };
  if (failure) {
    failNeed(engine, instance, failure);
    return true;
  }
  const stall = whyStalled(engine, instance)?.why;
  if (stall !== instance.stall) {
    instance.stall = stall;
    (stall === undefined ? wakeDependants : wakeStalled)(engine, instance.job);
  }
  // Nobody knows how long that takes. The instance goes on to wait, but nobody has to wait for it.
  if (stall !== undefined && instance.waiters.length > 0) {
    settleWaiters(engine, instance, true, stall + whenOver(engine, instance));
  }
  for (const { edge } of startWaits(engine, instance)) {
    // It would start at once, were it not for others that it conflicts with. Nobody may have told them to stop.
    if (!edge) stopConflicting(engine, instance);
    return true;
  }
  return false;
}

/** Ends a start that something forbids. */
export function failNeed(engine: EngineState, instance: Instance, failure: NeedFailure): void {
  const { message, exit, isCurable } = failure;
  engine.log("warn", isCurable ? `${message}; it does not come back by itself` : message);
  instance.lastExit = exit;
  failAndStop(engine, instance, { process: "needs", message });
}

function holdsStop(engine: EngineState, instance: Instance): boolean {
  const waits = Array.from(stopWaits(engine, instance));
  for (const { instance: dependant, isNeeded } of waits) {
    if (isNeeded) bringDown(engine, dependant, instance);
  }
  return waits.length > 0;
}

/** Stops an instance because one that it needs stops. It comes back with that one, unless init is on its way down. */
function bringDown(engine: EngineState, dependant: Instance, need: Instance): void {
  const isRestarting = dependant.goal === "respawn" || isOnItsWayDown(dependant);
  if (dependant.goal === "stop" || isRestarting && !engine.stopping) return;
  // While init is on its way down, all stop, and nobody wonders why.
  const priority = engine.stopping ? "info" : "warn";
  engine.log(priority, `${dependant.displayName} is stopped: it needs ${need.displayName}, which stops`);
  if (engine.stopping) settleWaiters(engine, dependant, false);
  dependant.stopEnvironment = undefined;
  dependant.cause = causeBeside(dependant.job, need.cause);
  const cause: Cause = { by: "dependency", job: need.job.name };
  changeGoal(engine, dependant, "stop", cause);
  if (engine.stopping) return;
  // On the way up the goal start would lead on to `running`.
  changeGoal(engine, dependant, isOnItsWayDown(dependant) ? "start" : "respawn", cause);
}
