/** What a service is asked, and what it tells of itself: checks, health, watchdog, pid file, notifications. */

import {
  CHECK_DEFAULTS,
  expandCheck,
  isPolled,
  type Remedy,
  unreadyReason,
} from "../../../lib/model/checks/check.ts";
import type { Notification } from "../../../lib/model/checks/notification.ts";
import { Environment } from "../../../lib/model/environment.ts";
import { expand, ExpansionError } from "../../../lib/model/expand.ts";
import { SIGABRT } from "../../../lib/model/signals.ts";
import type { InstanceCheck } from "../../../lib/engine/effects.ts";
import { enter, failAndStop, leaveSpawned, makeInstance } from "./life.ts";
import { respawnOrStop, timedOut } from "./respawns.ts";
import { endLook, isNamed } from "./scripts.ts";
import { awaitsFile, awaitsReadiness, hasItsMain, isBetween, isScript } from "./table.ts";
import { display, type Failure, type Instance, nameOf, type World } from "./world.ts";

/** An instance has entered a state: checks, watchdog and the search for a pid file begin and end by it. */
export function watchService(world: World, instance: Instance): void {
  const { state, job: { definition } } = instance;
  if (!isBetween(state, "spawning", "stopping")) return;
  if (state === "spawning") {
    instance.isReady = false;
    instance.unhealthy = instance.phase = instance.status = undefined;
    instance.watchdogTime = instance.awaitsFile = instance.script = undefined;
  }
  instance.unready = state === "spawned" && definition.ready ? unreadyReason(definition.ready) : undefined;
  for (const use of ["ready", "alive", "memory"] as const) {
    const isDue = use === "ready"
      ? state === "spawned" && awaitsReadiness(instance)
      : state === "running" && instance.goal === "start" && hasItsMain(instance);
    if (!isDue) stopCheck(world, instance, use);
    else if (!instance.checks.has(use)) startCheck(world, instance, use);
  }
  if (state === "post-starting") signOfLife(world, instance);
  if (state === "stopping") {
    world.clearTimer(instance, "watchdog");
    world.clearTimer(instance, "watchdog-kill");
  }
  if (isScript(instance)) {
    if (!isBetween(state, "spawned", "running")) endLook(world, instance);
  } else if (state !== "spawned") endSearch(world, instance);
}

type Use = InstanceCheck["use"];

function startCheck(world: World, instance: Instance, use: Use): void {
  const what = checkOf(world, instance, use), { job: { definition }, name } = instance;
  if (!what) return;
  const check = ++world.lastNumber;
  instance.checks.set(use, check);
  const isCommand = what.use !== "memory" && what.check.kind === "exec";
  const environment = isCommand ? world.processVariables(instance).pairs() : [];
  world.effect({ kind: "start-check", check, what, definition, instance: name, environment });
}

function stopCheck(world: World, { checks }: Instance, use: Use): void {
  const check = checks.get(use);
  if (check !== undefined) world.effect({ kind: "stop-check", check });
  checks.delete(use);
}

function checkOf(world: World, instance: Instance, use: Use): InstanceCheck | undefined {
  const { definition } = instance.job;
  if (use === "memory") {
    const above = definition.restartAbove?.memory;
    return above === undefined ? undefined : { use, above };
  }
  const check = definition[use];
  if (!check || !isPolled(check)) return undefined;
  try {
    return { use, check: expandCheck(check, instance.environment) };
  } catch (error) {
    if (!(error instanceof ExpansionError)) throw error;
    if (use === "ready") instance.unready = error.message;
    world.log("warn", `${display(instance)} cannot be checked (${use}): ${error.message}`);
    return undefined;
  }
}

/** A check gives an answer: it passes, or fails for this reason. */
export function checked(world: World, number: number, reason: string | undefined): void {
  for (const instance of world.instances) {
    for (const [use, check] of instance.checks) if (check === number) answered(world, instance, use, reason);
  }
}

function answered(world: World, instance: Instance, use: Use, reason: string | undefined): void {
  if (use === "ready") {
    if (reason === undefined) return isReadyNow(world, instance);
    instance.unready = reason;
    return told(world, instance, "ready", reason);
  }
  if (reason !== undefined) {
    return use === "memory"
      ? unhealthy(world, instance, "memory", reason, "restart")
      : unhealthy(world, instance, "health", reason);
  }
  if (instance.unhealthy === undefined) return;
  instance.unhealthy = undefined;
  told(world, instance, "health", undefined);
  world.log("warn", `${display(instance)} is healthy again`);
  emitHealth(world, instance, "healthy", []);
}

/** Another answer of a check is told. */
function told(world: World, { job, name }: Instance, check: string, reason: string | undefined): void {
  const passes = reason === undefined;
  const more = passes ? {} : { reason };
  world.notice({ kind: "check-changed", job: nameOf(job), instance: name, check, passes, ...more });
}

/** A job says itself that it is ready. */
export function saidReady(world: World, instance: Instance): void {
  const { ready } = instance.job.definition;
  if (!ready || isPolled(ready)) return;
  if (instance.state === "spawning" || instance.state === "spawned") isReadyNow(world, instance);
}

function isReadyNow(world: World, instance: Instance): void {
  if (instance.isReady) return;
  instance.isReady = true;
  instance.unready = undefined;
  stopCheck(world, instance, "ready");
  told(world, instance, "ready", undefined);
  world.log("info", `${display(instance)} is ready`);
  leaveSpawned(world, instance);
}

function unhealthy(world: World, instance: Instance, check: string, reason: string, wanted?: Remedy): void {
  const { job: { definition } } = instance, wasKnown = instance.unhealthy !== undefined;
  const then = wanted ?? definition.alive?.then ?? CHECK_DEFAULTS.then;
  const remedy = then === "restart" && (!definition.respawn || world.stopping) ? "stop" : then;
  instance.unhealthy = reason;
  told(world, instance, check, reason);
  if (wasKnown && then === "event") return;
  const message = `${display(instance)} is unhealthy: ${reason}`,
    cause: Failure = { process: "health", message };
  const said = {
    restart: ", restarting",
    event: "",
    stop: ", stopping",
    exit: ", stopping, and init ends with it",
  };
  world.log("warn", message + said[remedy]);
  emitHealth(world, instance, "unhealthy", [["REASON", reason]]);
  if (remedy === "exit") instance.endsInit = true;
  if (remedy === "restart") respawnOrStop(world, instance, cause);
  else if (remedy !== "event") failAndStop(world, instance, cause);
}

function emitHealth(
  world: World,
  { job, name, chain }: Instance,
  event: string,
  more: [string, string][],
): void {
  const variables = new Environment([["JOB", nameOf(job)], ["INSTANCE", name], ...more]);
  world.emit(event, variables, { by: "job", job: nameOf(job), instance: name }).chain = chain;
}

/** How long a service may be without a sign of life, in ms; 0 where none is expected. */
function watchdogTime(
  { job: { definition: { watchdog = 0 } }, watchdogTime = watchdog * 1000 }: Instance,
): number {
  return watchdogTime;
}

function isWatched({ state, timers }: Instance): boolean {
  return isBetween(state, "post-starting", "pre-stop") && !timers.has("watchdog-kill");
}

function signOfLife(world: World, instance: Instance): void {
  const time = watchdogTime(instance), isExpected = time > 0 || instance.watchdogTime !== undefined;
  if (isExpected && isWatched(instance)) world.setTimer(instance, "watchdog", time);
}

/** There was no sign of life in time. */
export function missedWatchdog(world: World, instance: Instance): void {
  abort(world, instance, `no sign of life for ${watchdogTime(instance) / 1000} s`);
}

function abort(world: World, instance: Instance, reason: string): void {
  if (!instance.pids.has("main") || !isWatched(instance)) return;
  world.clearTimer(instance, "watchdog");
  unhealthy(world, instance, "watchdog", reason, "event");
  world.signal(instance, "main", SIGABRT, "warn");
  world.setTimer(instance, "watchdog-kill", instance.job.definition.killTimeout * 1000);
}

/** A service tells something of itself. The parts of a message count in this order. */
export function notified(world: World, instance: Instance, message: Notification): void {
  const { mainPid, watchdogTime, extension, status, reloading, stopping, ready, watchdog } = message;
  if (mainPid !== undefined) changeMain(world, instance, mainPid);
  if (watchdogTime !== undefined) {
    instance.watchdogTime = watchdogTime;
    signOfLife(world, instance);
  }
  for (const purpose of ["start-timeout", "pid-file", "kill-timeout"]) {
    const timer = extension === undefined ? undefined : instance.timers.get(purpose);
    if (timer && timer.deadline < world.now + extension!) world.setTimer(instance, purpose, extension!);
  }
  if (status !== undefined) instance.status = status;
  if (reloading) enterPhase(world, instance, "reloading");
  if (stopping) enterPhase(world, instance, "stopping");
  if (ready) {
    instance.phase = undefined;
    if (instance.job.definition.ready?.kind === "notify") saidReady(world, instance);
  }
  if (watchdog === "alive") signOfLife(world, instance);
  if (watchdog === "trigger") abort(world, instance, "it says so itself (WATCHDOG=trigger)");
}

function enterPhase(world: World, instance: Instance, phase: string): void {
  if (instance.phase !== phase) world.log("info", `${display(instance)} says that it is ${phase}`);
  instance.phase = phase;
}

function changeMain(world: World, instance: Instance, pid: number): void {
  if (!instance.pids.has("main") || world.owner("pids", pid)) return;
  if (!isBetween(instance.state, "spawned", "stopping")) return;
  world.log("info", `${display(instance)} main process is now ${pid}, as it says`);
  setMain(instance, pid);
}

function setMain(instance: Instance, pid: number): void {
  instance.pids.set("main", pid);
  instance.leaders = [...instance.leaders.filter((leader) => leader !== pid), pid];
}

/** Begins the search for the process that a pid file names. */
export function watchFile(world: World, instance: Instance): void {
  const { pidFile, startTimeout, setuid } = instance.job.definition, main = instance.pids.get("main");
  if (pidFile === undefined || main === undefined || isScript(instance)) return;
  if (startTimeout === undefined) world.setTimer(instance, "pid-file", 90_000);
  instance.awaitsFile = "its pid file";
  try {
    const path = expand(pidFile, instance.environment, 4096),
      user = setuid === undefined ? {} : { user: setuid };
    instance.awaitsFile += ` ${path}`;
    world.effect({
      kind: "await-pid-file",
      job: nameOf(instance.job),
      instance: instance.name,
      path,
      main,
      ...user,
    });
  } catch (error) {
    if (!(error instanceof ExpansionError)) throw error;
    instance.awaitsFile += `: ${error.message}`;
  }
}

function endSearch(world: World, instance: Instance): void {
  if (instance.awaitsFile === undefined) return;
  instance.awaitsFile = undefined;
  world.clearTimer(instance, "pid-file");
  world.effect({ kind: "forget-pid-file", job: nameOf(instance.job), instance: instance.name });
}

/** The file names a process. */
export function fileNames(world: World, instance: Instance, pid: number, session: number): void {
  const other = world.owner("pids", pid);
  if (other && other.instance !== instance) return;
  if (isScript(instance) ? !isNamed(world, instance) : !awaitsFile(instance)) return;
  if (instance.pids.get("main") !== pid) {
    world.log("info", `${display(instance)} main process is now ${pid}, as its pid file says`);
    setMain(instance, pid);
    instance.leaders.push(session);
  }
  if (isScript(instance)) return;
  instance.isExpectMet = true;
  endSearch(world, instance);
  leaveSpawned(world, instance);
}

/** The file is not believed. */
export function fileRefused(instance: Instance, reason: string): void {
  if (awaitsFile(instance)) instance.awaitsFile = reason;
}

/** The file has been waited for too long. */
export function missedFile(world: World, instance: Instance): void {
  if (!awaitsFile(instance)) return;
  timedOut(world, instance, `${display(instance)} is not up after 90 s: ${instance.awaitsFile}`);
}

/** A main process that another engine has started is an instance's. */
export function adopt(world: World, job: string, name: string, pid: number, environment: string[]): void {
  const found = world.job(job);
  if (!found || world.find(job, name) || world.owner("pids", pid)) return;
  const instance = makeInstance(world, found, name);
  instance.environment = world.startVariables(found.definition, environment);
  instance.isExpectMet = true;
  instance.mainStartedAt = instance.upSince = world.now;
  setMain(instance, pid);
  instance.goal = "start";
  world.notice({ kind: "goal-changed", job, instance: name, goal: "start", cause: { by: "init" } });
  enter(world, instance, "running");
}
