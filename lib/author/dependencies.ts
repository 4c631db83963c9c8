/** References to other jobs, which `needs`, `wants` and their like take. */

import type { LateReference } from "./conditions.ts";

/** That a job has done its work: see {@link completed}. */
export class Completion {
  constructor(readonly job: LateReference) {}
}

/**
 * In `needs` and `wants`: that the job has done its work. A task that has not succeeded yet is run, once: its success is
 * remembered until it is started or reset by somebody.
 *
 *     needs: [redis, completed(migrate)],
 */
export function completed(job: LateReference): Completion {
  return new Completion(job);
}
