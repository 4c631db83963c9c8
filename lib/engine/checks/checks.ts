/**
 * The checks of instances: `ready`, which keeps a job in the state `spawned` until it passes, `alive`, which is made while
 * the job runs, and the ceiling of memory. Who makes them tells of changes alone.
 */

import {
  type CheckDefinition,
  type CheckUse,
  expandCheck,
  isPolled,
  unreadyReason,
} from "../../model/checks/check.ts";
import { ExpansionError } from "../../model/expand.ts";
import type { InstanceCheck } from "../effects.ts";
import type { EngineState } from "../engine_state.ts";
import type { Instance } from "../instance.ts";
import { leaveSpawned } from "../lifecycle.ts";
import { becameHealthy, becameUnhealthy, checkChanged } from "./health.ts";
import { awaitsReadiness, CHECK_PURPOSES, type CheckPurpose, hasItsMain } from "./instance_checks.ts";

/** When a check is made. */
const IS_DUE: Record<CheckPurpose, (instance: Instance) => boolean> = {
  ready: (instance) => instance.state === "spawned" && awaitsReadiness(instance),
  alive: isUp,
  memory: isUp,
};

function isUp(instance: Instance): boolean {
  return instance.state === "running" && instance.goal === "start" && hasItsMain(instance);
}

/** Begins and ends the checks that its new state is to begin or end. */
export function enteredState(engine: EngineState, instance: Instance): void {
  const { job: { definition }, checks, state } = instance;
  const { ready, alive, watchdog, restartAbove } = definition;
  if (!ready && !alive && !watchdog && !restartAbove) return;
  if (state === "spawning") {
    checks.isReady = false;
    checks.unhealthy = undefined;
  }
  if (state !== "spawned") checks.unready = undefined;
  else if (definition.ready) checks.unready = unreadyReason(definition.ready);
  for (const purpose of CHECK_PURPOSES) {
    const isDue = IS_DUE[purpose](instance);
    if (isDue && checks.running[purpose] === undefined) start(engine, instance, purpose);
    else if (!isDue) stop(engine, instance, purpose);
  }
}

function start(engine: EngineState, instance: Instance, purpose: CheckPurpose): void {
  const what = checkFor(engine, instance, purpose);
  if (!what) return;
  const check = engine.number();
  instance.checks.running[purpose] = check;
  engine.checks.set(check, { instance, purpose });
  engine.effect({
    kind: "start-check",
    check,
    what,
    definition: instance.job.definition,
    instance: instance.name,
    environment: isCommand(what) ? engine.environmentFor(instance).pairs() : [],
  });
}

function isCommand(what: InstanceCheck): boolean {
  return what.use !== "memory" && what.check.kind === "exec";
}

function stop(engine: EngineState, { checks }: Instance, purpose: CheckPurpose): void {
  const check = checks.running[purpose];
  if (check === undefined) return;
  delete checks.running[purpose];
  engine.checks.delete(check);
  engine.effect({ kind: "stop-check", check });
}

/** What is to be checked; undefined when there is nothing to check from outside. */
function checkFor(engine: EngineState, instance: Instance, purpose: CheckPurpose): InstanceCheck | undefined {
  const { definition } = instance.job;
  if (purpose !== "memory") {
    return definition[purpose] && polled(engine, instance, purpose, definition[purpose]);
  }
  const above = definition.restartAbove?.memory;
  return above === undefined ? undefined : { use: "memory", above };
}

function polled(
  engine: EngineState,
  instance: Instance,
  use: CheckUse,
  check: CheckDefinition,
): InstanceCheck | undefined {
  if (!isPolled(check)) return undefined;
  try {
    return { use, check: expandCheck(check, instance.environment) };
  } catch (error) {
    if (!(error instanceof ExpansionError)) throw error;
    if (use === "ready") instance.checks.unready = error.message;
    engine.log("warn", `${instance.displayName} cannot be checked (${use}): ${error.message}`);
    return undefined;
  }
}

/** A check passes. */
export function checkPassed(engine: EngineState, number: number): void {
  const { instance, purpose } = engine.checks.get(number) ?? {};
  if (!instance) return;
  if (purpose === "ready") return becameReady(engine, instance);
  if (instance.checks.unhealthy !== undefined) becameHealthy(engine, instance);
}

/** A check fails, so often that it counts. */
export function checkFailed(engine: EngineState, number: number, reason: string): void {
  const { instance, purpose } = engine.checks.get(number) ?? {};
  if (!instance) return;
  if (purpose === "ready") {
    instance.checks.unready = reason;
    checkChanged(engine, instance, "ready", reason);
  } else if (purpose === "memory") becameUnhealthy(engine, instance, "memory", reason, "restart");
  else becameUnhealthy(engine, instance, "health", reason);
}

/** An instance says itself that it is ready, maybe before its main process is known to run. */
export function saidReady(engine: EngineState, job: string, name: string): void {
  const instance = engine.jobs.get(job)?.instances.get(name);
  const { ready } = instance?.job.definition ?? {};
  if (!instance || !ready || isPolled(ready)) return;
  if (instance.state === "spawning" || instance.state === "spawned") becameReady(engine, instance);
}

function becameReady(engine: EngineState, instance: Instance): void {
  if (instance.checks.isReady) return;
  instance.checks.isReady = true;
  instance.checks.unready = undefined;
  stop(engine, instance, "ready");
  checkChanged(engine, instance, "ready", undefined);
  engine.log("info", `${instance.displayName} is ready`);
  leaveSpawned(engine, instance);
}
