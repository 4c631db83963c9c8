/** How events run: shown to conditions, held by what they set in motion, over when nothing holds them. */

import { Environment, pairs } from "../model/environment.ts";
import { expand, ExpansionError } from "../model/expand.ts";
import type { Event } from "./event.ts";
import type { Instance } from "./instance.ts";
import type { Job } from "./job.ts";
import { advance, changeGoal, createInstance, finish } from "./lifecycle.ts";
import type { Machine, Owner } from "./machine.ts";
import type { Matcher } from "./matcher.ts";

/**
 * How many events are shown before init sees to other things. Jobs without processes can set each other off
 * for ever.
 */
const MOST_AT_ONCE = 1000;

/** How many processes are asked for before init starts them: the first run while the others are asked for. */
const MOST_SPAWNS = 32;

/** Deals with events until none is left that can go on; when there is very much to do, the rest after a timer of 0 ms. */
export function runEvents(machine: Machine): void {
  for (let shown = 0; shown < MOST_AT_ONCE && machine.asked < MOST_SPAWNS;) {
    const released = machine.releasedEvents.shift();
    if (released) {
      // It may have been taken up again, or be on the list twice.
      if (released.holders === 0 && released.progress === "handling") end(machine, released);
      continue;
    }
    const pending = machine.pendingEvents.shift();
    if (!pending) return;
    shown++;
    show(machine, pending);
    if (pending.holders === 0) end(machine, pending);
  }
  machine.resumeLater();
}

/** Shows an event to every condition that mentions it: first stops, then starts (init(5), "stop on"). */
function show(machine: Machine, event: Event): void {
  event.progress = "handling";
  machine.log("info", `Handling ${event.name} event`);
  // The events of a stop that comes with it must not be missed by a start, so conditions are not asked twice.
  const listeners = machine.listeners.for(event);
  for (const { matcher, owner } of listeners) {
    if ("instance" in owner) showToInstance(machine, event, matcher, owner.instance);
  }
  for (const { matcher, owner } of listeners) {
    if ("job" in owner) showToJob(machine, event, matcher, owner);
  }
}

function showToInstance(machine: Machine, event: Event, matcher: Matcher, instance: Instance): void {
  // An instance that is on its way down must not hold events: its own `stopping` may be among them.
  if (instance.goal === "stop") return;
  if (!matcher.see(event, instance.environment) || !matcher.satisfied) return;
  const variables = new Environment();
  addEvents(variables, matcher, "UPSTART_STOP_EVENTS");
  instance.stopEnvironment = variables;
  finish(machine, instance, false);
  holdEvents(machine, instance, matcher);
  changeGoal(machine, instance, "stop");
}

function showToJob(machine: Machine, event: Event, matcher: Matcher, { job }: Owner & { job: Job }): void {
  // A job that was removed or changed by a stop in the same round has another matcher, or none.
  if (job.startOn !== matcher || !matcher.see(event) || !matcher.satisfied) return;
  const variables = machine.jobEnvironment(job.definition);
  addEvents(variables, matcher, "UPSTART_EVENTS");
  const name = instanceName(machine, job, variables);
  if (name !== undefined) {
    const instance = job.instances.get(name) ?? createInstance(machine, job, name);
    if (instance.goal === "stop") {
      instance.startEnvironment = variables;
      finish(machine, instance, false);
      holdEvents(machine, instance, matcher);
      changeGoal(machine, instance, "start");
    }
  }
  matcher.reset();
}

function instanceName(machine: Machine, job: Job, variables: Environment): string | undefined {
  try {
    return expand(job.definition.instance, variables);
  } catch (error) {
    if (!(error instanceof ExpansionError)) throw error;
    machine.log("warn", `Failed to obtain ${job.name} instance: ${error.message}`);
    return undefined;
  }
}

/** Adds the variables of a condition's events, and their names under the given key. */
function addEvents(variables: Environment, matcher: Matcher, key: string): void {
  const events = matcher.events();
  for (const event of events) {
    for (const [name, value] of event.environment) variables.set(name, value);
  }
  variables.set(key, events.map((event) => event.name).join(" "));
}

/**
 * Lets an instance hold the events that set it in motion, until it is where it is to be. One that can not be over
 * before the instance goes on is not held: each would wait for the other without end.
 */
function holdEvents(machine: Machine, instance: Instance, matcher: Matcher): void {
  for (const event of matcher.events()) {
    const circle = findCircle(event, instance);
    if (circle) {
      const which = circle.join(", ");
      machine.log(
        "warn",
        `${instance.displayName} is not waited for by events that it waits for itself: ${which}`,
      );
      continue;
    }
    event.holders++;
    instance.pending.push({ event });
  }
}

/** The events, with the instances that wait for them, by which the instance waits for the event; or undefined. */
function findCircle(event: Event, instance: Instance): string[] | undefined {
  for (const waiter of event.waiters) {
    if (!("instance" in waiter)) continue;
    const link = `${event.name} ${waiter.instance.displayName}`;
    if (waiter.instance === instance) return [link];
    for (const pending of waiter.instance.pending) {
      const rest = "event" in pending ? findCircle(pending.event, instance) : undefined;
      if (rest) return [link, ...rest];
    }
  }
  return undefined;
}

/** Ends an event: whoever waited for it goes on, and a failure is told as `EVENT/failed`. */
function end(machine: Machine, event: Event): void {
  event.progress = "finished";
  for (const waiter of event.waiters) {
    if ("instance" in waiter) {
      waiter.instance.blocker = undefined;
      advance(machine, waiter.instance);
    } else {
      machine.effect({
        kind: "answer",
        request: waiter.request,
        instance: "",
        ...(event.failed && { error: { name: "EventFailed" as const, message: "Event failed" } }),
      });
    }
  }
  if (event.failed && !event.name.endsWith("/failed")) {
    machine.emit(`${event.name}/failed`, new Environment(event.environment));
  }
  machine.notice({ kind: "event-emitted", event: event.name, environment: pairs(event.environment) });
}
