/**
 * The dispatcher of events. It shows each event to the conditions that mention it, starts and stops jobs, and finishes
 * the event once nothing holds it any more.
 */

import type { Cause } from "../../model/insight/journal.ts";
import { addGiven, Environment } from "../../model/environment.ts";
import { ExpansionError } from "../../model/expand.ts";
import { RC_EVENTS } from "../../model/init_events.ts";
import type { Matcher } from "../conditions/matcher.ts";
import { noteHolder } from "../dependencies/deadlocks.ts";
import { startNeeded } from "../dependencies/start.ts";
import type { EngineState, Subscriber } from "../engine_state.ts";
import { type Instance, nameOfInstance } from "../instance.ts";
import { advance, begin, changeGoal, createInstance, startAnew } from "../lifecycle.ts";
import { settleWaiters } from "../outcome.ts";
import type { LoadedJob } from "../loaded_job.ts";
import { hasLostProcesses, isScript, isStartedAnew } from "../services/init_script.ts";
import { isStartAllowed, noteRunlevel } from "../shutdown.ts";
import type { Event } from "./event.ts";
import { causeOf, describeLoop, type JobChain } from "./start_loops.ts";
import { findWaitCycle } from "./wait_cycles.ts";

/**
 * Dispatches events until none is left. When there are too many for one input, a timer of 0 ms goes on with the rest;
 * false then.
 */
export function dispatchEvents(engine: EngineState): boolean {
  while (engine.mayGoOn) {
    const released = engine.releasedEvents.shift();
    if (released) {
      // Something may hold it again, or it may be on the list twice.
      if (released.holders === 0 && released.progress === "handling") finishEvent(engine, released);
      continue;
    }
    const pending = engine.pendingEvents.shift();
    if (!pending) return true;
    engine.eventsDispatched++;
    dispatch(engine, pending);
    if (pending.holders === 0) finishEvent(engine, pending);
  }
  engine.dispatchLater();
  return false;
}

/** Shows an event to every condition that mentions it: first to `stop on`, then to `start on` (init(5), "stop on"). */
function dispatch(engine: EngineState, event: Event): void {
  event.progress = "handling";
  engine.log("info", `Handling ${event.name} event`);
  noteRunlevel(engine, event);
  // Both loops use one list: a stop may change the index, and the starts must not miss this event.
  const subscriptions = engine.subscriptions.for(event);
  for (const { matcher, subscriber } of subscriptions) {
    if ("instance" in subscriber) showToInstance(engine, event, matcher, subscriber.instance);
  }
  const started = subscriptions.flatMap(({ matcher, subscriber }) =>
    "job" in subscriber ? showToJob(engine, event, matcher, subscriber) ?? [] : []
  );
  // What these need may have been started by the event itself, with its variables.
  startNeeded(engine, ...started);
}

function showToInstance(engine: EngineState, event: Event, matcher: Matcher, instance: Instance): void {
  if (instance.goal === "stop") return awaitStop(engine, event, matcher, instance);
  if (!matcher.take(event, instance.environment) || !matcher.satisfied) return;
  const events = matcher.events();
  const variables = new Environment();
  addEvents(variables, events, "UPSTART_STOP_EVENTS");
  instance.stopEnvironment = variables;
  instance.cause = causeOf(instance.job, events).cause;
  settleWaiters(engine, instance, false);
  holdEvents(engine, instance, events);
  changeGoal(engine, instance, "stop", byEvent(event));
}

/**
 * An instance that is stopping must not hold events: its own `stopping` may be among them. But rc waits for each script that
 * the level stops, also where the level before has begun with it.
 */
function awaitStop(engine: EngineState, event: Event, matcher: Matcher, instance: Instance): void {
  if (event.name !== RC_EVENTS.stop || !isScript(instance)) return;
  if (!matcher.take(event, instance.environment) || !matcher.satisfied) return;
  holdEvents(engine, instance, matcher.events());
  matcher.reset();
}

function showToJob(
  engine: EngineState,
  event: Event,
  matcher: Matcher,
  { job }: Subscriber & { job: LoadedJob },
): Instance | undefined {
  // A stop by the same event may have removed the job or changed its definition: then it has another matcher, or none.
  if (job.startOn !== matcher || !matcher.take(event) || !matcher.satisfied) return undefined;
  const instance = start(engine, job, matcher.events(), byEvent(event));
  matcher.reset();
  return instance;
}

/**
 * Starts a job by these events, unless it runs, or may not start now; without what it needs. Of a script that has no
 * processes only the start runs.
 * @param causes What has led to it beside the events.
 * @param why What the journal has as the cause.
 * @returns The instance that is started.
 */
export function start(
  engine: EngineState,
  job: LoadedJob,
  events: Event[],
  why: Cause,
  causes: JobChain[] = [],
): Instance | undefined {
  if (!isStartAllowed(engine, job, events)) {
    const names = events.map(({ name }) => name).join(", ") || "others that are up";
    engine.log("info", `${job.name} is not started by ${names}: init is on its way down`);
    return undefined;
  }
  const variables = engine.jobEnvironment(job.definition);
  if (events.length > 0) addEvents(variables, events, "UPSTART_EVENTS");
  const name = instanceName(engine, job, variables);
  const existing = name === undefined ? undefined : job.instances.get(name);
  if (name === undefined) return undefined;
  const isUp = existing && existing.goal !== "stop" && !hasLostProcesses(existing);
  if (isUp && !isStartedAnew(existing, events)) return undefined;
  const { cause, loop } = causeOf(job, events, causes);
  if (loop && !engine.startThrottle.allows(job, engine.now)) {
    delayStart(engine, job, events, loop);
    return undefined;
  }
  const instance = existing ?? createInstance(engine, job, name);
  instance.startEnvironment = variables;
  instance.cause = cause;
  settleWaiters(engine, instance, false);
  holdEvents(engine, instance, events);
  if (isUp) startAnew(engine, instance);
  else begin(engine, instance, why);
  return instance;
}

function delayStart(
  engine: EngineState,
  job: LoadedJob,
  events: Event[],
  loop: LoadedJob[],
): void {
  engine.startThrottle.delay(job, events);
  if (job.isLoopReported) return;
  for (const member of loop) member.isLoopReported = true;
  const which = describeLoop(loop);
  engine.log("warn", `${job.name} starts itself without end, once a second from now on: ${which}`);
}

/** The cause of what follows from an event. */
function byEvent({ name, pairs }: Event): Cause {
  return { by: "event", event: name, environment: pairs };
}

/** Tries the delayed starts again. */
export function retryDelayedStarts(engine: EngineState): void {
  for (const { job, events } of engine.startThrottle.take()) {
    // What has to be up for the start may have gone meanwhile. If it has not, nothing else tells that this is a loop.
    const itself = { job, previous: undefined };
    const last = events.at(-1);
    const why: Cause = last ? byEvent(last) : { by: "dependency", job: job.name };
    const instance = job.startOn?.levelsAllow ? start(engine, job, events, why, [itself]) : undefined;
    if (instance) startNeeded(engine, instance);
    events.forEach(engine.release);
  }
}

function instanceName(engine: EngineState, job: LoadedJob, variables: Environment): string | undefined {
  try {
    return nameOfInstance(job.definition, variables);
  } catch (error) {
    if (!(error instanceof ExpansionError)) throw error;
    engine.log("warn", `Failed to obtain ${job.name} instance: ${error.message}`);
    return undefined;
  }
}

/** Adds the variables of a condition's events, and the events' names as the value of `key`. */
function addEvents(variables: Environment, events: Event[], key: string): void {
  for (const event of events) addGiven(variables, event.environment);
  variables.set(key, events.map((event) => event.name).join(" "));
}

/** Makes an instance hold the events that start or stop it, until it is there. */
function holdEvents(engine: EngineState, instance: Instance, events: Event[]): void {
  for (const event of events) {
    const cycle = findWaitCycle(event, instance);
    if (cycle) {
      const which = cycle.join(", ");
      engine.log(
        "warn",
        `${instance.displayName} is not waited for by events that it waits for itself: ${which}`,
      );
      continue;
    }
    event.holders++;
    instance.waiters.push({ event });
    noteHolder(engine, instance, event);
  }
}

/** Finishes an event: whoever waited for it goes on, and a failure leads to the event `EVENT/failed`. */
function finishEvent(engine: EngineState, event: Event): void {
  event.progress = "finished";
  for (const waiter of event.waiters) {
    if ("instance" in waiter) {
      waiter.instance.blocker = undefined;
      advance(engine, waiter.instance);
    } else {
      engine.effect({
        kind: "answer",
        request: waiter.request,
        instance: "",
        ...(event.failed && { error: { name: "EventFailed" as const, message: "Event failed" } }),
      });
    }
  }
  if (event.failed && !event.name.endsWith("/failed")) {
    const variables = new Environment(event.environment);
    engine.emit(`${event.name}/failed`, variables, byEvent(event)).cause = event.cause;
  }
  engine.notice({
    kind: "event-emitted",
    event: event.name,
    environment: event.pairs,
    ...(event.failed && { failed: true }),
  });
}
