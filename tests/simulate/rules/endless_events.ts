/** The rule that no event and no instance waits for ever, unless what it waits for may come yet, or is told. */

import type {
  EngineSnapshot,
  SavedInstance,
  SavedMatcher,
} from "../../../lib/engine/snapshot/engine_snapshot.ts";
import type { Rule } from "./rule.ts";

/** The rule. It looks at init at rest: what waits then waits for good. */
export const NO_ENDLESS_EVENT: Rule = {
  name: "no event blocks for ever without a reason that is told",
  atRest({ engine, world }) {
    if (!engine) return [];
    const snapshot = engine.save({ monotonic: world.kernel.clock.now, wall: 0 });
    const waits = new Waits(
      snapshot,
      (job, instance) => engine.jobs.get(job)!.instances.get(instance)!.note(0),
    );
    return waits.problems();
  },
};

/** An instance with its job. */
interface Named {
  job: string;
  instance: SavedInstance;
}

/** Who waits for whom. */
class Waits {
  readonly #instances: Named[];
  /** The events that conditions hold which are met in part, as Upstart's do: `why` tells of those. */
  readonly #taken: ReadonlySet<number>;

  constructor(
    private readonly snapshot: EngineSnapshot,
    private readonly note: (job: string, instance: string) => string,
  ) {
    this.#instances = snapshot.jobs.flatMap(({ definition, instances }) =>
      instances.map((instance) => ({ job: definition.name, instance }))
    );
    const matchers = [
      ...snapshot.jobs.map(({ startOn }) => startOn),
      ...this.#instances.map(({ instance }) => instance.stopOn),
    ];
    this.#taken = new Set(
      matchers.flatMap((matcher: SavedMatcher | null) => matcher?.taken ?? []) as number[],
    );
  }

  problems(): string[] {
    const events = this.snapshot.events.flatMap(({ name }, index) =>
      this.#mayEnd(index, new Set()) ? [] : [`the event ${name} is held by nothing that may end`]
    );
    const instances = this.#instances.filter((named) => !this.#mayGoOn(named, new Set()))
      .map(({ job, instance: { name, state } }) =>
        `${job} (${name}) stays ${state}, and nothing is told of it`
      );
    return [...events, ...instances];
  }

  #mayEnd(event: number, seen: Set<unknown>): boolean {
    if (seen.has(event)) return false;
    seen.add(event);
    const { pendingEvents, releasedEvents, delayedStarts } = this.snapshot;
    if (
      [...pendingEvents, ...releasedEvents, ...delayedStarts.flatMap(({ events }) => events)].includes(event)
    ) return true;
    if (this.#taken.has(event)) return true;
    return this.#instances.some((named) =>
      named.instance.waiters.some((waiter) => "event" in waiter && waiter.event === event) &&
      this.#mayGoOn(named, seen)
    );
  }

  #mayGoOn(named: Named, seen: Set<unknown>): boolean {
    const { job, instance } = named;
    if (seen.has(instance)) return false;
    seen.add(instance);
    // What is up, or has no main process, waits for nobody.
    if (instance.goal === "start" && instance.state === "running") return true;
    const has = (what: object) => Object.keys(what).length > 0;
    if (has(instance.pids) || has(instance.spawns) || has(instance.timers)) return true;
    if (instance.blocker !== null) return this.#mayEnd(instance.blocker, seen);
    return this.note(job, instance.name) !== "";
  }
}
