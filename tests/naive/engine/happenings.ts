/** Events: how jobs emit them, to whom they are shown, what they start and stop, and when they are finished. */

import { Environment } from "../../../lib/model/environment.ts";
import { describeEnd } from "../../../lib/model/exit.ts";
import { expand, ExpansionError } from "../../../lib/model/expand.ts";
import { RC_EVENTS, RUNLEVEL_EVENT, SESSION_EVENT } from "../../../lib/model/init_events.ts";
import type { Cause } from "../../../lib/model/insight/journal.ts";
import { signalName } from "../../../lib/model/signals.ts";
import { startNeeded } from "./dependencies/holds.ts";
import { breakOff, goOn, makeInstance, setGoal, settle } from "./life.ts";
import { take } from "./matching.ts";
import { begin, hasLost, isStartedAnew } from "./scripts.ts";
import { isScript } from "./table.ts";
import {
  addGiven,
  type Condition,
  display,
  eventsBy,
  type Failure,
  type Happening,
  type Instance,
  isMet,
  isPossible,
  type Job,
  nameOf,
  type World,
} from "./world.ts";

/** Why something failed, as the end of a sentence. */
export function reasonOf({ process, exit, message, reason }: Failure): string {
  if (reason !== undefined) return reason;
  if (exit) return `its ${process} process ${describeEnd(exit)}`;
  return message ?? `its ${process} process could not be run`;
}

/** A long reason's beginning and end. */
export function shortened(reason: string): string {
  return reason.length <= 1000 ? reason : `${reason.slice(0, 500)} … ${reason.slice(-500)}`;
}

/** Emits an event of an instance. */
export function emitJobEvent(
  world: World,
  instance: Instance,
  name: "starting" | "started" | "stopping" | "stopped" | "gave-up",
  failure = instance.failure,
): Happening {
  const job = nameOf(instance.job);
  const variables = new Environment([["JOB", job], ["INSTANCE", instance.name]]);
  if (!name.startsWith("start")) {
    variables.set("RESULT", failure ? "failed" : "ok");
    if (failure) variables.set("PROCESS", failure.process);
    const { exit } = failure ?? {};
    if (exit && "status" in exit) variables.set("EXIT_STATUS", `${exit.status}`);
    if (exit && "signal" in exit) variables.set("EXIT_SIGNAL", signalName(exit.signal) ?? `${exit.signal}`);
  }
  for (const key of instance.job.definition.export) {
    const value = instance.environment.get(key);
    if (value !== undefined && !variables.has(key)) variables.set(key, value);
  }
  const event = world.emit(name, variables, { by: "job", job, instance: instance.name });
  event.chain = instance.chain;
  return event;
}

/** Deals with all events. False when there are too many for one input. */
export function dealWithEvents(world: World): boolean {
  while (world.events < 1000 && world.spawnsRequested < 32) {
    const released = world.letGo.shift();
    if (released) {
      if (released.progress === "handling" && !world.isHeld(released)) finish(world, released);
      continue;
    }
    const event = world.pending.shift();
    if (!event) return true;
    world.events++;
    show(world, event);
    if (!world.isHeld(event)) finish(world, event);
  }
  world.setOwnTimer("dispatch", 0);
  return false;
}

/** Shows an event to all conditions there are now: to those that stop instances, then to those that start jobs. */
function show(world: World, event: Happening): void {
  event.progress = "handling";
  world.log("info", `Handling ${event.name} event`);
  if (event.name === RUNLEVEL_EVENT && world.endsWithRunlevel) world.inLastRunlevel = endsAll(event);
  const { conditions } = world, started: Instance[] = [];
  for (const { condition, instance } of conditions) {
    if (instance) showToInstance(world, event, condition, instance);
  }
  for (const { condition, job } of conditions) {
    if (!job || job.startOn !== condition) continue;
    if (!take(condition, event, world.ownVariables(job.definition)) || !isMet(condition.tree)) continue;
    const instance = start(world, job, eventsBy(condition.tree), causeBy(event));
    world.reset(condition);
    if (instance) started.push(instance);
  }
  startNeeded(world, started);
}

function showToInstance(world: World, event: Happening, condition: Condition, instance: Instance): void {
  const isStopping = instance.goal === "stop";
  if (isStopping && (event.name !== RC_EVENTS.stop || !isScript(instance))) return;
  if (!take(condition, event, instance.environment) || !isMet(condition.tree)) return;
  if (isStopping) {
    hold(world, instance, eventsBy(condition.tree));
    return world.reset(condition);
  }
  const events = eventsBy(condition.tree);
  instance.stopEnvironment = withEvents(new Environment(), events, "UPSTART_STOP_EVENTS");
  instance.chain = chainBy(instance.job, events).chain;
  settle(world, instance, false);
  hold(world, instance, events);
  setGoal(world, instance, "stop", causeBy(event));
}

function causeBy({ name, variables }: Happening): Cause {
  return { by: "event", event: name, environment: variables.pairs() };
}

/** The variables of events, and their names. */
function withEvents(target: Environment, events: Happening[], key: string): Environment {
  for (const { variables } of events) addGiven(target, variables);
  target.set(key, events.map(({ name }) => name).join(" "));
  return target;
}

function endsAll({ name, variables }: Happening): boolean {
  return [RUNLEVEL_EVENT, ...Object.values(RC_EVENTS)].includes(name) &&
    ["0", "6"].includes(variables.get("RUNLEVEL") ?? "");
}

/** Starts a job by events, or by others that are up (whose chains are `others`). Undefined when it is not started. */
export function start(
  world: World,
  job: Job,
  events: Happening[],
  why: Cause,
  others: Job[][] = [],
): Instance | undefined {
  const isLate = world.stopping || world.inLastRunlevel;
  if (
    isLate && !job.definition.task && !events.some((event) => event.name === SESSION_EVENT || endsAll(event))
  ) {
    const names = events.map(({ name }) => name).join(", ") || "others that are up";
    world.log("info", `${nameOf(job)} is not started by ${names}: init is on its way down`);
    return undefined;
  }
  const variables = world.startVariables(job.definition);
  if (events.length > 0) withEvents(variables, events, "UPSTART_EVENTS");
  const name = instanceName(job, variables);
  if (name instanceof ExpansionError) {
    world.log("warn", `Failed to obtain ${nameOf(job)} instance: ${name.message}`);
    return undefined;
  }
  const existing = job.instances.find((one) => one.name === name);
  const isThere = existing && existing.goal !== "stop" && !hasLost(existing);
  if (isThere && !isStartedAnew(existing, events)) return undefined;
  const { chain, loop } = chainBy(job, events, others);
  if (loop && isTooOften(world, job)) {
    putOff(world, job, events, loop);
    return undefined;
  }
  const instance = existing ?? makeInstance(world, job, name);
  instance.startEnvironment = variables;
  instance.chain = chain;
  settle(world, instance, false);
  hold(world, instance, events);
  if (isThere) breakOff(world, instance);
  else begin(world, instance, why);
  return instance;
}

/** The name of the instance that these variables are about, or why there is none. */
export function instanceName(job: Job, variables: Environment): string | ExpansionError {
  try {
    return expand(job.definition.instance, variables, 4096);
  } catch (error) {
    if (error instanceof ExpansionError) return error;
    throw error;
  }
}

/** Has an instance hold the events that start or stop it, but for those that it waits for itself. */
function hold(world: World, instance: Instance, events: Happening[]): void {
  for (const event of events) {
    const circle = circleBy(event, instance);
    if (circle) {
      const which = circle.join(", ");
      world.log(
        "warn",
        `${display(instance)} is not waited for by events that it waits for itself: ${which}`,
      );
    } else instance.waiters.push(event);
  }
}

/** The circle that there would be if an instance held an event: each event, and the instance that waits for it. */
function circleBy(first: Happening, instance: Instance): string[] | undefined {
  const seen = [first], ways: { event: Happening; way: string[] }[] = [{ event: first, way: [] }];
  for (let next = ways.pop(); next; next = ways.pop()) {
    const { event: { name, waiter } } = next;
    if (waiter === undefined || typeof waiter === "number") continue;
    const way = [...next.way, `${name} ${display(waiter)}`];
    if (waiter === instance) return instance.blocker && way;
    for (const event of waiter.waiters) {
      if (!("name" in event) || seen.includes(event)) continue;
      seen.push(event);
      ways.push({ event, way });
    }
  }
  return undefined;
}

/** The chain of jobs that lead to a job by events and others; and the loop, if the job is among them. */
function chainBy(job: Job, events: Happening[], others: Job[][] = []): { chain: Job[]; loop?: Job[] } {
  if (events.some(({ chain }) => chain === undefined)) return { chain: [job] };
  const chains = [...events.map(({ chain }) => chain!), ...others];
  const own = chains.find((chain) => chain.includes(job));
  if (!own) return { chain: [job, ...chains.at(-1) ?? []] };
  const place = own.indexOf(job);
  return { chain: own.slice(place), loop: [job, ...own.slice(0, place).reverse()] };
}

/** The chain of what another job does to a job beside events. */
export function chainBeside(job: Job, chain: Job[]): Job[] {
  return [job, ...chain.filter((other) => other !== job)];
}

/** True when a job has started itself a hundred times, a second's worth each, and that time is not over. */
function isTooOften(world: World, job: Job): boolean {
  const until = Math.max(job.selfStartsUntil, world.now) + 1000;
  if (until > world.now + 100_000) return true;
  if (job.selfStartsUntil <= world.now) job.isLoopReported = false;
  job.selfStartsUntil = until;
  return false;
}

function putOff(world: World, job: Job, events: Happening[], loop: Job[]): void {
  world.putOff.push({ job, events: [...events] });
  if (job.isLoopReported) return;
  for (const member of loop) member.isLoopReported = true;
  const names = loop.map(nameOf);
  const which = [...names.slice(0, 10), ...(names.length > 10 ? ["…"] : []), names[0]].join(", ");
  world.log("warn", `${names[0]} starts itself without end, once a second from now on: ${which}`);
}

/** Tries again what was put off. */
export function retry(world: World): void {
  world.retried = world.putOff;
  world.putOff = [];
  for (const { job, events } of world.retried) {
    const last = events.at(-1);
    const why: Cause = last ? causeBy(last) : { by: "dependency", job: nameOf(job) };
    const instance = job.startOn && isPossible(job.startOn)
      ? start(world, job, events, why, [[job]])
      : undefined;
    if (instance) startNeeded(world, [instance]);
    for (let event = events.shift(); event; event = events.shift()) world.release(event);
  }
  world.retried = [];
}

/** Finishes an event. */
function finish(world: World, event: Happening): void {
  const { name, variables, waiter, failed } = event;
  event.progress = "finished";
  if (typeof waiter === "number") {
    world.effect({
      kind: "answer",
      request: waiter,
      instance: "",
      ...(failed && { error: { name: "EventFailed", message: "Event failed" } }),
    });
  } else if (waiter) {
    waiter.blocker = undefined;
    goOn(world, waiter);
  }
  if (failed && !name.endsWith("/failed")) {
    world.emit(`${name}/failed`, new Environment(variables), causeBy(event)).chain = event.chain;
  }
  world.notice({
    kind: "event-emitted",
    event: name,
    environment: variables.pairs(),
    ...(failed && { failed: true as const }),
  });
}
