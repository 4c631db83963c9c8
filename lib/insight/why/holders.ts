/** Who holds events up: the instances that they start or stop and that are not there yet, and conditions met in part. */

import type { Matcher } from "../../engine/conditions/matcher.ts";
import type { EngineState } from "../../engine/engine_state.ts";
import type { Event } from "../../engine/events/event.ts";
import type { Instance } from "../../engine/instance.ts";
import type { LoadedJob } from "../../engine/loaded_job.ts";

/** Who holds an event. */
export type Holder =
  /** It starts or stops the instance. */
  | { instance: Instance }
  /** A condition has taken it, and waits for more: `start on` of the job, or `stop on` of the instance. */
  | { job: LoadedJob; matcher: Matcher }
  | { stopped: Instance; matcher: Matcher }
  /** Its start of the job is delayed, as the job starts itself in a loop. */
  | { delayed: LoadedJob };

/** An index of the holders of all events. It is made when it is first asked. */
export class Holders {
  #index: Map<Event, Holder[]> | undefined;

  constructor(private readonly engine: EngineState) {}

  of(event: Event): readonly Holder[] {
    this.#index ??= indexOf(this.engine);
    return this.#index.get(event) ?? [];
  }
}

function indexOf(engine: EngineState): Map<Event, Holder[]> {
  const index = new Map<Event, Holder[]>();
  const add = (event: Event | undefined, holder: Holder) => {
    if (!event) return;
    const known = index.get(event);
    if (known) known.push(holder);
    else index.set(event, [holder]);
  };
  for (const job of engine.jobs.values()) {
    const { startOn: matcher } = job;
    if (matcher) { for (const event of matcher.taken) add(event, { job, matcher }); }
    for (const instance of job.instances.values()) {
      for (const waiter of instance.waiters) if ("event" in waiter) add(waiter.event, { instance });
      const { stopOn } = instance;
      if (stopOn) { for (const event of stopOn.taken) add(event, { stopped: instance, matcher: stopOn }); }
    }
  }
  for (const { job, events } of engine.startThrottle.delayed) {
    for (const event of events) add(event, { delayed: job });
  }
  return index;
}
