/** The life of an instance: its goal, its way through the states, and who is told. docs/state-machine.md, in code. */

import { isSuccess, sameExit } from "../../../lib/model/exit.ts";
import type { Exit } from "../../../lib/model/exit.ts";
import type { Cause } from "../../../lib/model/insight/journal.ts";
import { endsInitWith, INSTANCE_PROCESSES, type InstanceProcess } from "../../../lib/model/job.ts";
import type { RunFailure } from "../../../lib/model/requests.ts";
import { SIGKILL } from "../../../lib/model/signals.ts";
import { printable } from "../../../lib/model/text/printable.ts";
import { Environment } from "../../../lib/model/environment.ts";
import { replaceDefinition } from "./definitions.ts";
import { isIndependent } from "./dependencies/graph.ts";
import { forgetStalls, isHeldBack } from "./dependencies/holds.ts";
import { endLeftovers, endUnneededHook } from "./hooks.ts";
import { emitJobEvent, reasonOf, shortened } from "./happenings.ts";
import { boundStart, goOnAsStarted } from "./scripts.ts";
import { watchFile, watchService } from "./services.ts";
import {
  finishesStart,
  hasLostMain,
  hasStarted,
  isScript,
  isToUndo,
  mayBeHeld,
  rowOf,
  waitOf,
} from "./table.ts";
import { display, type Failure, type Instance, isRouse, type Job, nameOf, type World } from "./world.ts";

export type Goal = Instance["goal"];

/** Makes an instance, at rest. */
export function makeInstance(world: World, job: Job, name: string): Instance {
  const instance: Instance = {
    job,
    name,
    goal: "stop",
    state: "waiting",
    environment: new Environment(),
    stopOn: world.condition(job.definition.stopOn),
    chain: [job],
    waiters: [],
    spawns: new Map(),
    pids: new Map(),
    timers: new Map(),
    checks: new Map(),
    forks: 0,
    isExpectMet: false,
    tracksForksUntil: -Infinity,
    respawnsSince: -Infinity,
    respawns: 0,
    mainStartedAt: -Infinity,
    failures: 0,
    isTimedOut: false,
    isForced: false,
    isForgotten: false,
    isDone: false,
    endsInit: false,
    leaders: [],
    isReady: false,
  };
  job.instances.push(instance);
  world.notice({ kind: "instance-added", job: nameOf(job), instance: name });
  return instance;
}

/** Gives an instance a goal. By that it goes on at once where it waits for nothing but another goal. */
export function setGoal(world: World, instance: Instance, goal: Goal, cause: Cause): void {
  if (goal === "stop") world.reset(instance.stopOn);
  const isCalledOff = goal === "start" && instance.goal === "stop";
  turn(world, instance, isCalledOff && isScript(instance) && isInPreStop(instance) ? "respawn" : goal, cause);
  if (isCalledOff) goOnAsStarted(world, instance);
  if (instance.timers.has("start-delay")) endDelay(world, instance);
  else if (goal === "stop" && instance.state === "starting" && mayBeHeld(instance)) goOn(world, instance);
}

function turn(world: World, instance: Instance, goal: Goal, cause: Cause): void {
  const { state, goal: previous } = instance;
  if (previous === goal) return;
  world.log("info", `${display(instance)} goal changed from ${previous} to ${goal}`);
  instance.goal = goal;
  if (goal === "stop") world.stopQueue = world.stopQueue?.filter((other) => other !== instance);
  world.notice({ kind: "goal-changed", job: nameOf(instance.job), instance: instance.name, goal, cause });
  forgetStalls(world, instance.job);
  if (finishesStart(instance)) return boundStart(world, instance);
  if (isToUndo(instance) && !isIndependent(world)) return;
  const leaves = goal === "start" && state === "waiting" || goal === "stop" && state === "running" ||
    goal !== "start" && state === "spawned";
  if (leaves) goOn(world, instance);
  else if (goal === "stop" && state === "starting" && isRouse(instance)) endWait(world, instance);
  else endUnneededHook(world, instance);
}

/** Ends the wait for an instance's own event, or by dependencies. */
export function endWait(world: World, instance: Instance): void {
  if (instance.blocker) instance.blocker.waiter = undefined;
  else if (!mayBeHeld(instance)) return;
  instance.blocker = undefined;
  goOn(world, instance);
}

/** Stops an instance for another reason than somebody's request; who waited for something else is answered. */
export function stop(world: World, instance: Instance, cause: Cause): void {
  if (instance.goal === "stop") return;
  instance.stopEnvironment = undefined;
  settle(world, instance, false);
  setGoal(world, instance, "stop", cause);
}

/** Stops an instance and starts it again. */
export function restart(world: World, instance: Instance, cause: Cause): void {
  instance.nextStartAt = undefined;
  turn(world, instance, "stop", cause);
  startAfterStop(world, instance, cause);
}

/** Has an instance that is to stop start once more after that: where the goal start would call the stop off, by `respawn`. */
export function startAfterStop(world: World, instance: Instance, cause: Cause): void {
  const stopsFirst = isInPreStop(instance) || finishesStart(instance) || isToUndo(instance) ||
    isRouse(instance) && rowOf(instance.state).respawn !== undefined;
  setGoal(world, instance, stopsFirst ? "respawn" : "start", cause);
}

function isInPreStop({ state }: Instance): boolean {
  return state === "pre-stopping" || state === "pre-stop";
}

const FAILED = {
  start: "Job failed to start",
  stop: "Job failed while stopping",
  restart: "Job failed to restart",
};

/** Answers all who wait for an instance, and lets its events go. */
export function settle(
  world: World,
  instance: Instance,
  failed: boolean,
  why = instance.failure?.message,
): void {
  for (let waiter = instance.waiters.shift(); waiter; waiter = instance.waiters.shift()) {
    if ("name" in waiter) {
      waiter.failed ||= failed;
      world.release(waiter);
      continue;
    }
    const message = FAILED[waiter.action] + (why === undefined ? "" : `\n${printable(why)}`);
    world.effect({
      kind: "answer",
      request: waiter.request,
      instance: instance.name,
      ...(failed && { error: { name: "JobFailed", message } }),
    });
  }
}

/** Goes from state to state until there is something to wait for. */
export function goOn(world: World, instance: Instance): void {
  do {
    const next = nextState(world, instance);
    if (next === "starting" && isDelayed(world, instance)) return;
    if (isHeldBack(world, instance)) return;
    enter(world, instance, next);
  } while (waitOf(instance) === undefined);
}

function isDelayed(world: World, instance: Instance): boolean {
  const { nextStartAt } = instance;
  instance.nextStartAt = undefined;
  if (nextStartAt === undefined || nextStartAt <= world.now) return false;
  world.setTimer(instance, "start-delay", nextStartAt - world.now);
  return true;
}

/** Ends the wait before a respawn. */
export function endDelay(world: World, instance: Instance): void {
  world.clearTimer(instance, "start-delay");
  goOn(world, instance);
}

/** Goes on if the state is about this process. */
export function goOnAfter(world: World, instance: Instance, process: InstanceProcess): void {
  const { spawns, waits } = rowOf(instance.state);
  if (spawns === process || waits === process) goOn(world, instance);
}

/** Goes on from `spawned` if nothing is missing any more. */
export function leaveSpawned(world: World, instance: Instance): void {
  if (instance.state !== "spawned") return;
  if (isToUndo(instance) || waitOf(instance) === undefined) goOn(world, instance);
}

/** Goes to `stopping` from wherever it is. */
export function breakOff(world: World, instance: Instance): void {
  enter(world, instance, "stopping");
  if (waitOf(instance) === undefined) goOn(world, instance);
}

function nextState(world: World, instance: Instance): string {
  const { state, goal } = instance, row = rowOf(state);
  if (isToUndo(instance)) return "pre-stopping";
  if (goal === "respawn") {
    const next = row.respawn ?? row.start;
    if (next === "stopping") turn(world, instance, "start", { by: "respawn" });
    return next;
  }
  if (state === "running" && goal === "stop") {
    if (instance.isForced || !instance.pids.has("main") && !hasStarted(instance)) return "stopping";
  }
  const next = row[goal];
  return next === "running" && hasLostMain(instance) ? "stopping" : next;
}

/** Enters a state. */
export function enter(world: World, instance: Instance, state: string): void {
  const { state: previous, job } = instance, row = rowOf(state);
  world.log("info", `${display(instance)} state changed from ${previous} to ${state}`);
  instance.state = state;
  world.notice({ kind: "state-changed", job: nameOf(job), instance: instance.name, state });
  if (state === "starting") {
    job.completed = false;
    job.lastFailure = undefined;
  } else instance.stall = undefined;
  if (state === "running" && !job.definition.task) instance.setback = undefined;
  watchService(world, instance);
  if (state === "running" && (previous === "pre-stop" || previous === "waiting")) {
    instance.stopEnvironment = undefined;
    return settle(world, instance, false);
  }
  onEntry(world, instance);
  if (row.emits) {
    const event = emitJobEvent(world, instance, row.emits);
    if (row.waits === "event" && !instance.isForced) {
      event.waiter = instance;
      instance.blocker = event;
    }
  }
  if (row.spawns && hasProcess(instance, row.spawns)) spawn(world, instance, row.spawns);
  if (state === "running" && !job.definition.task) settle(world, instance, false);
  if (state === "waiting") remove(world, instance);
}

function hasProcess({ job: { definition } }: Instance, process: InstanceProcess): boolean {
  return process === "security"
    ? definition.apparmorLoad !== undefined
    : definition.processes[process] !== undefined;
}

function spawn(world: World, instance: Instance, process: InstanceProcess): void {
  const number = ++world.lastNumber;
  world.spawnsRequested++;
  instance.spawns.set(process, number);
  const variables = new Environment(world.processVariables(instance));
  if (process === "pre-stop" || process === "post-stop") {
    for (const [name, value] of instance.stopEnvironment ?? []) variables.set(name, value);
  }
  world.effect({
    kind: "spawn",
    spawn: number,
    definition: instance.job.definition,
    instance: instance.name,
    process,
    environment: variables.pairs(),
  });
}

function onEntry(world: World, instance: Instance): void {
  const { startTimeout, killTimeout, expect, pidFile } = instance.job.definition;
  switch (instance.state) {
    case "starting":
      instance.environment = instance.startEnvironment ?? instance.environment;
      instance.startEnvironment = instance.stopEnvironment = instance.failure = undefined;
      instance.lastExit = instance.upSince = undefined;
      instance.isDone = instance.endsInit = instance.isTimedOut = false;
      instance.isForced = instance.isForgotten = false;
      return;
    case "security-spawning":
      if (startTimeout !== undefined) world.setTimer(instance, "start-timeout", startTimeout * 1000);
      return;
    case "spawned":
      instance.forks = 0;
      instance.isExpectMet = false;
      watchFile(world, instance);
      if ((expect === "fork" || expect === "daemon") && pidFile === undefined && instance.pids.has("main")) {
        world.setTimer(instance, "fork-bound", killTimeout * 1000);
      }
      return;
    case "running":
      world.clearTimer(instance, "start-timeout");
      instance.upSince = world.now;
      return;
    case "pre-stopping":
      return world.clearTimer(instance, "left-behind");
    case "stopping":
      world.clearTimer(instance, "start-timeout");
      return world.clearTimer(instance, "left-behind");
    case "killed":
      return instance.pids.has("main") ? endMain(world, instance) : endLeftovers(world, instance);
  }
}

/** Sends the main process its kill signal, with a time limit. */
export function endMain(world: World, instance: Instance): void {
  const { killSignal, killTimeout } = instance.job.definition, { isForced } = instance;
  world.signal(instance, "main", isForced ? SIGKILL : killSignal);
  world.clearTimer(instance, "fork-bound");
  if (!isForced) world.setTimer(instance, "kill-timeout", killTimeout * 1000);
}

/** An instance is at rest: it is no more. */
function remove(world: World, instance: Instance): void {
  const { job, name, failure } = instance, { definition } = job;
  settle(world, instance, false);
  world.reset(instance.stopOn);
  job.instances = job.instances.filter((other) => other !== instance);
  const exit = resultOf(instance);
  if (failure) job.lastFailure = { reason: shortened(reasonOf(failure)), exit };
  else if (instance.isDone) job.completed = true;
  forgetStalls(world, job);
  const isGivenUp = failure?.process === "respawn" && definition.onGiveUp === "exit";
  const endsInit = instance.endsInit || endsInitWith(definition, isSuccess(exit)) || isGivenUp;
  world.notice({
    kind: "instance-removed",
    job: nameOf(job),
    instance: name,
    exit,
    ...(endsInit && { endsInit: true as const }),
  });
  if (job.instances.length === 0 && job.later) replaceDefinition(world, job, job.later.definition);
}

/** The result of a run as one exit. */
function resultOf({ failure, lastExit = { status: 0 }, job }: Instance): Exit {
  if (failure?.exit) return failure.exit;
  if (failure) return isSuccess(lastExit) ? { status: 1 } : lastExit;
  return job.definition.normalExit.some((normal) => sameExit(normal, lastExit)) ? { status: 0 } : lastExit;
}

/** Notes the first failure of a run; all who wait are told. */
export function fail(world: World, instance: Instance, failure: Failure, told = asNotice(failure)): void {
  if (instance.failure) return;
  instance.failure = failure;
  const { exit } = failure;
  const status = exit === undefined ? (told.process === failure.process ? -1 : 0) : statusOf(exit);
  const { job, name } = instance;
  world.notice({ kind: "failed", job: nameOf(job), instance: name, status, failure: told });
  settle(world, instance, true);
}

function statusOf(exit: Exit): number {
  return "status" in exit ? exit.status : exit.signal * 256;
}

/** A run fails, and ends. */
export function failAndStop(world: World, instance: Instance, failure: Failure): void {
  fail(world, instance, failure);
  stopFailed(world, instance, failure);
}

export function stopFailed(world: World, instance: Instance, failure: Failure): void {
  const byExit = failure.process === "main" && failure.exit !== undefined;
  setGoal(world, instance, "stop", byExit ? { by: "exit" } : { by: "failure", reason: reasonOf(failure) });
}

/** A failure as notices tell it. */
export function asNotice({ process, exit, message, reason }: Failure): RunFailure {
  const isProcess = (INSTANCE_PROCESSES as readonly string[]).includes(process);
  const why = reason ?? (exit && isProcess ? undefined : message);
  return {
    process: isProcess ? process as InstanceProcess : "main",
    ...(exit && { exit }),
    ...(why !== undefined && { reason: why }),
  };
}
