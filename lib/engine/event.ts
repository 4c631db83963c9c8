/** Events, and what waits for them. */

import type { Environment } from "../model/environment.ts";
import type { Instance } from "./instance.ts";

/** Who is told when an event is over: a state of an instance, or the request that emitted the event. */
export type Waiter = { instance: Instance } | { request: number };

/**
 * An event on its way. It is `pending` until the conditions have seen it, then `handling` as long as anything
 * holds it: a condition that is not whole yet, or an instance that it set in motion and that is not there yet.
 * Nobody holding it, it is over.
 */
export class Event {
  progress: "pending" | "handling" | "finished" = "pending";
  /** True when a job that the event set in motion has failed. */
  failed = false;
  /** How many conditions and instances hold the event. */
  holders = 0;
  readonly waiters: Waiter[] = [];

  constructor(readonly name: string, readonly environment: Environment) {}
}
