/** The requests of clients: start, stop, restart, reset, forget, reload, emit. Messages and error names are Upstart's. */

import { addGiven, Environment, environment, isPair } from "../model/environment.ts";
import { ExpansionError } from "../model/expand.ts";
import type { Cause } from "../model/insight/journal.ts";
import { RequestFailure } from "../model/failure.ts";
import type { Request } from "../model/requests.ts";
import { PARTIAL_NOTE } from "../model/sysv/lsb_exits.ts";
import { SIGKILL } from "../model/signals.ts";
import { forgetResult, forgetSetback } from "./dependencies/changes.ts";
import { startNeeded } from "./dependencies/start.ts";
import { lookAgain } from "./dependencies/wake.ts";
import type { EngineState } from "./engine_state.ts";
import { type Instance, type InstanceWaiter, nameOfInstance } from "./instance.ts";
import { advance, begin, changeGoal, createInstance, endBlock, jumpTo, restart } from "./lifecycle.ts";
import { settleWaiters } from "./outcome.ts";
import { finishesStart, hasLostProcesses } from "./services/init_script.ts";
import type { LoadedJob } from "./loaded_job.ts";
import { abandonProcesses } from "./processes.ts";
import { forgetFailures } from "./waiting/respawn.ts";
import { UP } from "./states.ts";
import { killHook } from "./waiting/hook_bounds.ts";
import { killLeftovers } from "./waiting/leftovers.ts";
import { mustWait } from "./waiting/waits.ts";

type Action = "start" | "stop" | "restart";

/**
 * Performs a request. It is answered at once, or, with `wait`, when the instance is where its goal leads or the event is
 * finished.
 *
 * @param cause What is told as the cause of what follows.
 * @throws {RequestFailure} when the request cannot be performed.
 */
export function doRequest(engine: EngineState, request: number, what: Request, cause: Cause): void {
  if (what.kind === "emit") return emit(engine, request, what, cause);
  const job = findJob(engine, what.job);
  if (what.kind === "reset") return reset(engine, request, job, what);
  if (what.kind === "forget") return forget(engine, request, job, what, cause);
  if (what.kind === "reload") return reload(engine, request, findInstance(job, what.instance));
  if (what.kind !== "stop" && engine.stopping && !job.definition.task) {
    throw new RequestFailure("JobFailed", `Unable to ${what.kind} ${job.name}: init is on its way down`);
  }
  const byName = "instance" in what;
  const given = byName ? [] : what.environment;
  const instance = byName
    ? findInstance(job, what.instance)
    : findOrCreate(engine, job, what.kind, instanceName(engine, job, given, what.kind === "start"));
  const isForced = what.kind === "stop" && what.force === true;
  const waiter: InstanceWaiter | undefined = what.wait ? { request, action: what.kind } : undefined;
  if (what.kind === "start" && hurries(engine, instance, given, waiter, cause)) {
    if (!what.wait) engine.effect({ kind: "answer", request, instance: instance.name });
    return;
  }
  check(engine, instance, what.kind, byName, isForced);
  instance.resetCause();
  // Who waits for a stop goes on to wait for it when it is forced.
  if (isForced && instance.goal === "stop") instance.waiters.push(...waiter ? [waiter] : []);
  else replaceWaiters(engine, instance, waiter);
  // A request by the instance's name keeps its environment, a request through the job gives it a new one.
  if (what.kind === "stop") instance.stopEnvironment = byName ? undefined : stopEnvironment(given);
  else instance.startEnvironment = byName ? undefined : engine.jobEnvironment(job.definition, given);
  (isForced ? forceStop : ACTIONS[what.kind])(engine, instance, cause);
  if (!what.wait) engine.effect({ kind: "answer", request, instance: instance.name });
}

function stopEnvironment(given: string[]): Environment {
  const result = new Environment();
  addGiven(result, environment(given));
  return result;
}

const ACTIONS: Record<Action, (engine: EngineState, instance: Instance, cause: Cause) => void> = {
  start(engine, instance, cause) {
    forgetSetback(engine, instance);
    begin(engine, instance, cause);
    startNeeded(engine, instance);
  },
  stop: (engine, instance, cause) => changeGoal(engine, instance, "stop", cause),
  restart(engine, instance, cause) {
    instance.stopEnvironment = undefined;
    forgetSetback(engine, instance);
    restart(engine, instance, cause);
    startNeeded(engine, instance);
    // Who asks has to be told, too, when nobody knows how long the wait is.
    lookAgain(engine, instance);
  },
};

/**
 * Starts an instance that is on its way up already, where its job has rouse's own semantics, or a delay before each respawn.
 * The delay ends, what it waits for is started, and who asks waits with the others. True when it was so.
 */
function hurries(
  engine: EngineState,
  instance: Instance,
  given: string[],
  waiter: InstanceWaiter | undefined,
  cause: Cause,
): boolean {
  const { goal, state, timers, job, isRouse } = instance;
  const isDelayed = timers.has("start-delay") && (isRouse || job.definition.respawnDelay !== undefined);
  const isComingUp = isRouse && goal !== "stop" && state !== "waiting" && !UP.has(state);
  // What runs already has its variables.
  if (!isDelayed && (!isComingUp || given.length > 0)) return false;
  if (waiter) instance.waiters.push(waiter);
  if (given.length > 0) instance.startEnvironment = engine.jobEnvironment(job.definition, given);
  forgetSetback(engine, instance);
  if (isDelayed) changeGoal(engine, instance, "start", cause);
  startNeeded(engine, instance);
  lookAgain(engine, instance);
  return true;
}

/**
 * Stops an instance without waiting for anything: what runs is killed, the pre-stop is left out, and a post-stop gets the
 * time of the kill timeout.
 */
function forceStop(engine: EngineState, instance: Instance, cause: Cause): void {
  const lingers = instance.goal === "stop" && finishesStart(instance);
  instance.isForced = true;
  engine.log("info", `${instance.displayName} is stopped by force`);
  if (lingers) return jumpTo(engine, instance, "stopping");
  killHook(engine, instance);
  if (instance.state === "killed") engine.signal(instance, "main", SIGKILL);
  changeGoal(engine, instance, "stop", cause);
  killLeftovers(engine, instance);
  endBlock(engine, instance);
}

/** Forgets the failures of an instance, of which one that is not there has none, and what its job has achieved. */
function reset(
  engine: EngineState,
  request: number,
  job: LoadedJob,
  what: Request & { kind: "reset" },
): void {
  const name = "instance" in what ? what.instance : instanceName(engine, job, what.environment, true);
  const instance = job.instances.get(name);
  if (instance) forgetFailures(engine, instance);
  forgetResult(engine, job);
  engine.effect({ kind: "answer", request, instance: name });
}

/** Takes an instance down without a stop: no process of it is signalled, and none is waited for but its post-stop. */
function forget(
  engine: EngineState,
  request: number,
  job: LoadedJob,
  what: Request & { kind: "forget" },
  cause: Cause,
): void {
  const name = "instance" in what ? what.instance : instanceName(engine, job, what.environment, false);
  const instance = findInstance(job, name);
  engine.log("info", `${instance.displayName} is forgotten: its processes go on by themselves`);
  abandonProcesses(engine, instance);
  instance.isForced = true;
  instance.isForgotten = true;
  instance.resetCause();
  if (instance.goal !== "stop") {
    replaceWaiters(engine, instance, undefined);
    instance.stopEnvironment = undefined;
  }
  changeGoal(engine, instance, "stop", cause);
  endBlock(engine, instance);
  const isThere = job.instances.get(name) === instance;
  if (isThere && !mustWait(instance)) advance(engine, instance);
  engine.effect({ kind: "answer", request, instance: instance.name });
}

function emit(
  engine: EngineState,
  request: number,
  what: Request & { kind: "emit" },
  cause: Cause,
): void {
  if (what.event === "") throw new RequestFailure("InvalidArgs", "Name may not be empty string");
  checkPairs(what.environment);
  engine.emit(what.event, environment(what.environment), cause, what.wait ? { request } : undefined);
  if (!what.wait) engine.effect({ kind: "answer", request, instance: "" });
}

function reload(engine: EngineState, request: number, instance: Instance): void {
  const pid = instance.pids.get("main");
  if (pid === undefined) {
    throw new RequestFailure("NotRunning", `Job is not running: ${instance.displayName}`);
  }
  engine.kill(pid, instance.job.definition.reloadSignal, false);
  engine.effect({ kind: "answer", request, instance: instance.name });
}

/** @throws {RequestFailure} UnknownJob when there is no such job. */
export function findJob(engine: EngineState, name: string): LoadedJob {
  const job = engine.jobs.get(name);
  if (!job) throw new RequestFailure("UnknownJob", `Unknown job: ${name}`);
  return job;
}

/** @throws {RequestFailure} UnknownInstance when the job has no such instance. */
function findInstance(job: LoadedJob, name: string): Instance {
  const instance = job.instances.get(name);
  if (!instance) throw new RequestFailure("UnknownInstance", `Unknown instance: ${name}`);
  return instance;
}

/**
 * The name of the instance that a request with these `KEY=VALUE` strings is about.
 *
 * @param withUsage Adds the job's `usage` to the error, as Upstart does for start and status, not for stop.
 * @throws {RequestFailure} InvalidArgs when a string is no pair, or a variable of the name is not set.
 */
export function instanceName(
  engine: EngineState,
  job: LoadedJob,
  given: string[],
  withUsage: boolean,
): string {
  checkPairs(given);
  try {
    return nameOfInstance(job.definition, engine.jobEnvironment(job.definition, given));
  } catch (error) {
    if (!(error instanceof ExpansionError)) throw error;
    const { usage } = job.definition;
    const hint = withUsage && usage !== undefined ? `\nUsage: ${usage}` : "";
    throw new RequestFailure("InvalidArgs", error.message + hint);
  }
}

function findOrCreate(engine: EngineState, job: LoadedJob, action: Action, name: string): Instance {
  if (action !== "start") return findInstance(job, name);
  return job.instances.get(name) ?? createInstance(engine, job, name);
}

function check(
  engine: EngineState,
  instance: Instance,
  action: Action,
  byName: boolean,
  isForced: boolean,
): void {
  if (action === "start" && instance.goal !== "stop" && !hasLostProcesses(instance)) {
    const waits = instance.job.waitNote(instance, engine.now);
    const isPartial = instance.report.script === "partial";
    const why = waits !== ""
      ? `\n${instance.displayName} ${waits}`
      : isPartial
      ? `\nOf ${instance.displayName}, ${PARTIAL_NOTE}: if it does not serve any more, restart it`
      : "";
    throw new RequestFailure("AlreadyStarted", `Job is already running: ${instance.displayName}${why}`);
  }
  if (action !== "start" && instance.goal === "stop" && !isForced) {
    // After a restart through the job, Upstart's message has the instance's name alone.
    const name = action === "restart" && !byName ? instance.name : instance.displayName;
    throw new RequestFailure("AlreadyStopped", `Job has already been stopped: ${name}`);
  }
}

function checkPairs(given: string[]): void {
  if (!given.every(isPair)) throw new RequestFailure("InvalidArgs", "Env must be KEY=VALUE pairs");
}

/** Answers those who waited for the previous goal. The new request takes their place. */
function replaceWaiters(engine: EngineState, instance: Instance, waiter: InstanceWaiter | undefined): void {
  settleWaiters(engine, instance, false);
  if (waiter) instance.waiters.push(waiter);
}
