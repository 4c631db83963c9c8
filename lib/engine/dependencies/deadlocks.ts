/**
 * Deadlocks of events and dependencies: an instance holds an event that another one waits for, and waits itself for what
 * that one leads to. Dependencies alone make no circle, and neither do events alone: so the event gives way.
 */

import type { EngineState } from "../engine_state.ts";
import type { Event } from "../events/event.ts";
import type { Instance } from "../instance.ts";
import { componentsOf } from "./components.ts";
import { isHeld, isHeldInStop } from "./phases.ts";
import { startWaits, stopWaits } from "./waits.ts";

/** Notes that an instance holds an event, if another instance waits for that. */
export function noteHolder(engine: EngineState, instance: Instance, event: Event): void {
  if (isBlocking(event)) engine.dependencies.holders.add(instance);
}

/** Breaks a deadlock, if there is one. True when it has. */
export function breakDeadlock(engine: EngineState): boolean {
  if (engine.dependencies.holders.size === 0) return false;
  // Whoever has waited for an event may not do so any more, as one that was stopped meanwhile.
  const holders = Array.from(engine.dependencies.holders).filter((holder) =>
    isHeld(holder) && holder.waiters.some((waiter) => "event" in waiter && isBlocking(waiter.event))
  );
  holders.sort((one, other) => one.displayName < other.displayName ? -1 : 1);
  const holdersOf = indexHolders(engine);
  const circles = componentsOf(holders, (instance) => waitsOf(engine, instance, holdersOf));
  engine.dependenciesSeen += circles.size;
  const sizes = new Map<number, number>();
  for (const circle of circles.values()) sizes.set(circle, (sizes.get(circle) ?? 0) + 1);
  const holder = holders.find((holder) => sizes.get(circles.get(holder)!)! > 1);
  if (holder) releaseBlocking(engine, holder);
  return holder !== undefined;
}

/** The instances that hold an event for which another instance waits. */
function indexHolders(engine: EngineState): Map<Event, Instance[]> {
  const result = new Map<Event, Instance[]>();
  for (const holder of engine.dependencies.holders) {
    for (const waiter of holder.waiters) {
      if (!("event" in waiter)) continue;
      const others = result.get(waiter.event);
      if (others) others.push(holder);
      else result.set(waiter.event, [holder]);
    }
  }
  return result;
}

function* waitsOf(
  engine: EngineState,
  instance: Instance,
  holdersOf: ReadonlyMap<Event, Instance[]>,
): Iterable<Instance> {
  const { blocker, state, goal } = instance;
  if (blocker) yield* holdersOf.get(blocker) ?? [];
  else if (isHeldInStop(instance)) {
    for (const { instance: dependant } of stopWaits(engine, instance)) yield dependant;
  } else if (state === "starting" && goal !== "stop") {
    for (const { target } of startWaits(engine, instance)) yield* target?.instances.values() ?? [];
  }
}

function releaseBlocking(engine: EngineState, holder: Instance): void {
  const kept: Instance["waiters"] = [], names: string[] = [];
  for (const waiter of holder.waiters) {
    if (!("event" in waiter) || !isBlocking(waiter.event)) {
      kept.push(waiter);
      continue;
    }
    names.push([waiter.event.name, ...waiter.event.environment.values().slice(0, 1)].join(" "));
    engine.release(waiter.event);
  }
  holder.waiters = kept;
  engine.dependencies.holders.delete(holder);
  engine.log(
    "warn",
    `${holder.displayName} is not waited for by events that it waits for itself: ${names.join(", ")}`,
  );
}

function isBlocking({ waiters }: Event): boolean {
  return waiters.some((waiter) => "instance" in waiter);
}
