/**
 * Wait cycles: an event that waits for an instance, which waits for the event. Both would wait for ever, so the engine
 * does not let the instance hold such an event.
 */

import type { Instance } from "../instance.ts";
import type { Event } from "./event.ts";

/** One step of the search: an event, and the instance through which the search came to it. */
interface Step {
  event: Event;
  instance?: Instance;
  previous?: Step;
}

/**
 * The cycle that would arise if an event had to wait for an instance, as `EVENT JOB` for each step; undefined when there
 * is none. Each event is visited once, however many ways lead to it.
 */
export function findWaitCycle(event: Event, instance: Instance): string[] | undefined {
  if (!instance.blocker) return undefined;
  const visited = new Set([event]);
  const steps: Step[] = [{ event }];
  for (let step = steps.pop(); step; step = steps.pop()) {
    for (const waiter of step.event.waiters) {
      if (!("instance" in waiter)) continue;
      const next = { instance: waiter.instance, previous: step };
      if (waiter.instance === instance) return describeSteps({ event, ...next });
      for (const held of waiter.instance.waiters) {
        if (!("event" in held) || visited.has(held.event)) continue;
        visited.add(held.event);
        steps.push({ event: held.event, ...next });
      }
    }
  }
  return undefined;
}

function describeSteps(last: Step): string[] {
  const steps: string[] = [];
  for (let { instance, previous }: Step = last; instance && previous; { instance, previous } = previous) {
    steps.unshift(`${previous.event.name} ${instance.displayName}`);
  }
  return steps;
}
