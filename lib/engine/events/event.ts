/** An event, and who waits for it. */

import type { Environment } from "../../model/environment.ts";
import type { Instance } from "../instance.ts";
import type { JobChain } from "./start_loops.ts";

/** Who goes on when an event is finished: an instance that it blocks, or the request that emitted it. */
export type EventWaiter = { instance: Instance } | { request: number };

/**
 * An event. It is `pending` until the conditions have seen it. Then it is `handling` as long as anything holds it: a
 * condition that is met in part, or an instance that it starts or stops and that is not there yet. Once nothing holds
 * it, it is `finished`.
 */
export class Event {
  progress: "pending" | "handling" | "finished" = "pending";
  /** True when a job failed that the event has started or stopped. */
  failed = false;
  /** How many conditions and instances hold the event. */
  holders = 0;
  readonly waiters: EventWaiter[] = [];
  /** The jobs that have led to the event; undefined for an event from outside. */
  cause: JobChain | undefined;
  #pairs: string[] | undefined;

  constructor(readonly name: string, readonly environment: Environment) {}

  /** Its variables as `KEY=VALUE` strings. Several notices repeat them. */
  get pairs(): string[] {
    return this.#pairs ??= this.environment.pairs();
  }
}
