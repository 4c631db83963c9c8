/** The requests of clients. A request that cannot be done is answered with Upstart's words. */

import { Environment, environment, isPair } from "../../../lib/model/environment.ts";
import { ExpansionError } from "../../../lib/model/expand.ts";
import type { FailureName } from "../../../lib/model/failure.ts";
import type { Cause } from "../../../lib/model/insight/journal.ts";
import type { Request } from "../../../lib/model/requests.ts";
import { PARTIAL_NOTE } from "../../../lib/model/sysv/lsb_exits.ts";
import { SIGKILL } from "../../../lib/model/signals.ts";
import { forgetStalls, startNeeded } from "./dependencies/holds.ts";
import { waitNote } from "./dependencies/waits.ts";
import { instanceName } from "./happenings.ts";
import { killHook, killLeftovers } from "./hooks.ts";
import { breakOff, endWait, goOn, makeInstance, restart, setGoal, settle } from "./life.ts";
import { begin, hasLost } from "./scripts.ts";
import { finishesStart, isUp, waitOf } from "./table.ts";
import {
  addGiven,
  display,
  type Instance,
  isRouse,
  type Job,
  nameOf,
  type Waiter,
  type World,
} from "./world.ts";

/** Why a request is refused. */
export class Refusal {
  constructor(readonly name: FailureName, readonly message: string) {}
}

type Action = "start" | "stop" | "restart";

/**
 * Does what a client asks for.
 * @throws {Refusal} when it cannot be done.
 */
export function serve(world: World, request: number, what: Request, cause: Cause): void {
  const answer = (instance: string) => world.effect({ kind: "answer", request, instance });
  if (what.kind === "emit") {
    if (what.event === "") throw new Refusal("InvalidArgs", "Name may not be empty string");
    checkPairs(what.environment);
    const event = world.emit(what.event, environment(what.environment), cause);
    if (what.wait) event.waiter = request;
    else answer("");
    return;
  }
  const job = world.job(what.job);
  if (!job) throw new Refusal("UnknownJob", `Unknown job: ${what.job}`);
  switch (what.kind) {
    case "reset":
      return answer(
        reset(world, job, "instance" in what ? what.instance : named(world, job, what.environment, true)),
      );
    case "forget": {
      const name = "instance" in what ? what.instance : named(world, job, what.environment, false);
      const instance = known(job, name);
      forget(world, instance, cause);
      return answer(name);
    }
    case "reload": {
      const instance = known(job, what.instance), pid = instance.pids.get("main");
      if (pid === undefined) throw new Refusal("NotRunning", `Job is not running: ${display(instance)}`);
      world.effect({ kind: "kill", pid, signal: job.definition.reloadSignal, group: false });
      return answer(instance.name);
    }
  }
  const instance = act(world, request, job, what, cause);
  if (!what.wait) answer(instance.name);
}

/** Starts, stops or restarts. */
function act(
  world: World,
  request: number,
  job: Job,
  what: Request & { kind: Action },
  cause: Cause,
): Instance {
  const { kind } = what, byName = "instance" in what, given = byName ? [] : what.environment;
  if (kind !== "stop" && world.stopping && !job.definition.task) {
    throw new Refusal("JobFailed", `Unable to ${kind} ${nameOf(job)}: init is on its way down`);
  }
  const name = byName ? what.instance : named(world, job, given, kind === "start");
  const instance = byName || kind !== "start"
    ? known(job, name)
    : job.instances.find((one) => one.name === name) ?? makeInstance(world, job, name);
  const waiters: Waiter[] = what.wait ? [{ request, action: kind }] : [];
  if (kind === "start" && hurry(world, instance, given, waiters, cause)) return instance;
  const isForced = kind === "stop" && what.force === true;
  refuse(world, instance, kind, byName, isForced);
  instance.chain = [job];
  if (!isForced || instance.goal !== "stop") settle(world, instance, false);
  instance.waiters.push(...waiters);
  if (kind === "stop") {
    instance.stopEnvironment = byName ? undefined : addGiven(new Environment(), environment(given));
    if (isForced) force(world, instance, cause);
    else setGoal(world, instance, "stop", cause);
    return instance;
  }
  instance.startEnvironment = byName ? undefined : world.startVariables(job.definition, given);
  forgetSetback(world, instance);
  if (kind === "restart") {
    instance.stopEnvironment = undefined;
    restart(world, instance, cause);
  } else begin(world, instance, cause);
  startNeeded(world, [instance]);
  return instance;
}

/** Of a job that is on its way up anyway, a start by hand ends the delay, and waits with the others. */
function hurry(world: World, instance: Instance, given: string[], waiters: Waiter[], cause: Cause): boolean {
  const { goal, state, job: { definition } } = instance;
  const isDelayed = instance.timers.has("start-delay") &&
    (isRouse(instance) || definition.respawnDelay !== undefined);
  const isComingUp = isRouse(instance) && goal !== "stop" && state !== "waiting" && !isUp(state);
  if (!isDelayed && !(isComingUp && given.length === 0)) return false;
  instance.waiters.push(...waiters);
  if (given.length > 0) instance.startEnvironment = world.startVariables(definition, given);
  forgetSetback(world, instance);
  if (isDelayed) setGoal(world, instance, "start", cause);
  startNeeded(world, [instance]);
  return true;
}

/** Stops an instance, and waits for nothing. */
function force(world: World, instance: Instance, cause: Cause): void {
  const lingers = instance.goal === "stop" && finishesStart(instance);
  instance.isForced = true;
  world.log("info", `${display(instance)} is stopped by force`);
  if (lingers) return breakOff(world, instance);
  killHook(world, instance);
  if (instance.state === "killed") world.signal(instance, "main", SIGKILL);
  setGoal(world, instance, "stop", cause);
  killLeftovers(world, instance);
  endWait(world, instance);
}

/** Forgets how often an instance has failed, and what its job has achieved. */
function reset(world: World, job: Job, name: string): string {
  const instance = job.instances.find((one) => one.name === name);
  if (instance) {
    instance.failures = instance.respawns = 0;
    instance.respawnsSince = -Infinity;
    instance.nextStartAt = undefined;
    forgetSetback(world, instance);
    if (instance.timers.has("start-delay")) setGoal(world, instance, instance.goal, { by: "request" });
  }
  job.completed = false;
  job.lastFailure = undefined;
  forgetStalls(world, job);
  return name;
}

/** Somebody has started what had failed. */
function forgetSetback(world: World, instance: Instance): void {
  if (!instance.setback) return;
  instance.setback = undefined;
  forgetStalls(world, instance.job);
}

/** Takes an instance down whose processes go on by themselves. */
function forget(world: World, instance: Instance, cause: Cause): void {
  world.log("info", `${display(instance)} is forgotten: its processes go on by themselves`);
  instance.pids.clear();
  instance.spawns.clear();
  instance.leaders = [];
  instance.leftovers = instance.script = undefined;
  for (const purpose of [...instance.timers.keys()]) {
    if (purpose !== "pid-file") world.clearTimer(instance, purpose);
  }
  instance.isForced = instance.isForgotten = true;
  instance.chain = [instance.job];
  if (instance.goal !== "stop") {
    settle(world, instance, false);
    instance.stopEnvironment = undefined;
  }
  setGoal(world, instance, "stop", cause);
  endWait(world, instance);
  if (instance.job.instances.includes(instance) && waitOf(instance) === undefined) goOn(world, instance);
}

function refuse(world: World, instance: Instance, action: Action, byName: boolean, isForced: boolean): void {
  if (action === "start" && instance.goal !== "stop" && !hasLost(instance)) {
    const note = waitNote(world, instance), who = display(instance);
    const partly = instance.script === "partial"
      ? `\nOf ${who}, ${PARTIAL_NOTE}: if it does not serve any more, restart it`
      : "";
    const why = note ? `\n${who} ${note}` : partly;
    throw new Refusal("AlreadyStarted", `Job is already running: ${display(instance)}${why}`);
  }
  if (action !== "start" && instance.goal === "stop" && !isForced) {
    const name = action === "restart" && !byName ? instance.name : display(instance);
    throw new Refusal("AlreadyStopped", `Job has already been stopped: ${name}`);
  }
}

function known(job: Job, name: string): Instance {
  const instance = job.instances.find((one) => one.name === name);
  if (!instance) throw new Refusal("UnknownInstance", `Unknown instance: ${name}`);
  return instance;
}

/** The name of the instance that a request with these variables is about. */
function named(world: World, job: Job, given: string[], tellsUsage: boolean): string {
  checkPairs(given);
  const name = instanceName(job, world.startVariables(job.definition, given)), { usage } = job.definition;
  if (!(name instanceof ExpansionError)) return name;
  throw new Refusal(
    "InvalidArgs",
    name.message + (tellsUsage && usage !== undefined ? `\nUsage: ${usage}` : ""),
  );
}

function checkPairs(given: string[]): void {
  if (!given.every(isPair)) throw new Refusal("InvalidArgs", "Env must be KEY=VALUE pairs");
}
