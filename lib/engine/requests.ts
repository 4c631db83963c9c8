/** What clients ask for: start, stop, restart, emit. Messages and their names are Upstart's. */

import { environment, isPair } from "../model/environment.ts";
import { expand, ExpansionError } from "../model/expand.ts";
import { RequestFailure } from "../model/failure.ts";
import type { Request } from "./effects.ts";
import type { Instance } from "./instance.ts";
import type { Job } from "./job.ts";
import { changeGoal, createInstance, finish, restart } from "./lifecycle.ts";
import type { Machine } from "./machine.ts";

type Action = "start" | "stop" | "restart";

/**
 * Does a request. It is answered now, or, with `wait`, when the instance or event is where it is to be.
 *
 * @throws {RequestFailure} when it can not be done at all.
 */
export function doRequest(machine: Machine, request: number, what: Request): void {
  if (what.kind === "emit") return emit(machine, request, what);
  const job = findJob(machine, what.job);
  if (what.kind === "reload") return reload(machine, request, findInstance(job, what.instance));
  const byName = "instance" in what;
  const given = byName ? [] : what.environment;
  const instance = byName
    ? findInstance(job, what.instance)
    : findOrCreate(machine, job, what.kind, instanceName(machine, job, given, what.kind === "start"));
  check(instance, what.kind, byName);
  finishWith(machine, instance, what.wait ? { request, action: what.kind } : undefined);
  // An instance asked by its name keeps its environment, one asked through its job gets a new one.
  if (what.kind === "stop") instance.stopEnvironment = byName ? undefined : environment(given);
  else instance.startEnvironment = byName ? undefined : machine.jobEnvironment(job.definition, given);
  ACTIONS[what.kind](machine, instance);
  if (!what.wait) machine.effect({ kind: "answer", request, instance: instance.name });
}

const ACTIONS: Record<Action, (machine: Machine, instance: Instance) => void> = {
  start: (machine, instance) => changeGoal(machine, instance, "start"),
  stop: (machine, instance) => changeGoal(machine, instance, "stop"),
  restart(machine, instance) {
    instance.stopEnvironment = undefined;
    restart(machine, instance);
  },
};

function emit(machine: Machine, request: number, what: Request & { kind: "emit" }): void {
  if (what.event === "") throw new RequestFailure("InvalidArgs", "Name may not be empty string");
  checkPairs(what.environment);
  machine.emit(what.event, environment(what.environment), what.wait ? { request } : undefined);
  if (!what.wait) machine.effect({ kind: "answer", request, instance: "" });
}

function reload(machine: Machine, request: number, instance: Instance): void {
  const pid = instance.pids.get("main");
  if (pid === undefined) {
    throw new RequestFailure("NotRunning", `Job is not running: ${instance.displayName}`);
  }
  machine.kill(pid, instance.job.definition.reloadSignal, false);
  machine.effect({ kind: "answer", request, instance: instance.name });
}

/** @throws {RequestFailure} UnknownJob */
export function findJob(machine: Machine, name: string): Job {
  const job = machine.jobs.get(name);
  if (!job) throw new RequestFailure("UnknownJob", `Unknown job: ${name}`);
  return job;
}

/** @throws {RequestFailure} UnknownInstance */
export function findInstance(job: Job, name: string): Instance {
  const instance = job.instances.get(name);
  if (!instance) throw new RequestFailure("UnknownInstance", `Unknown instance: ${name}`);
  return instance;
}

/**
 * The name of the instance that an environment gives.
 *
 * @param withUsage Adds the job's `usage` to the error, as Upstart does for start and status, not for stop.
 * @throws {RequestFailure} InvalidArgs
 */
export function instanceName(machine: Machine, job: Job, given: string[], withUsage: boolean): string {
  checkPairs(given);
  try {
    return expand(job.definition.instance, machine.jobEnvironment(job.definition, given));
  } catch (error) {
    if (!(error instanceof ExpansionError)) throw error;
    const { usage } = job.definition;
    const hint = withUsage && usage !== undefined ? `\nUsage: ${usage}` : "";
    throw new RequestFailure("InvalidArgs", error.message + hint);
  }
}

function findOrCreate(machine: Machine, job: Job, action: Action, name: string): Instance {
  if (action !== "start") return findInstance(job, name);
  return job.instances.get(name) ?? createInstance(machine, job, name);
}

function check(instance: Instance, action: Action, byName: boolean): void {
  if (action === "start" && instance.goal !== "stop") {
    throw new RequestFailure("AlreadyStarted", `Job is already running: ${instance.displayName}`);
  }
  if (action !== "start" && instance.goal === "stop") {
    // A restart through the job names the instance alone (job-class method of Upstart).
    const name = action === "restart" && !byName ? instance.name : instance.displayName;
    throw new RequestFailure("AlreadyStopped", `Job has already been stopped: ${name}`);
  }
}

function checkPairs(given: string[]): void {
  if (!given.every(isPair)) throw new RequestFailure("InvalidArgs", "Env must be KEY=VALUE pairs");
}

/** Whoever waited for the goal of before is answered; the new request takes their place. */
function finishWith(
  machine: Machine,
  instance: Instance,
  pending: Instance["pending"][number] | undefined,
): void {
  finish(machine, instance, false);
  if (pending) instance.pending.push(pending);
}
