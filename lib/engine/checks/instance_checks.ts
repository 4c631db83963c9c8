/** What is known of an instance by its checks: whether it is ready and healthy, and which checks are being made. */

import type { InstanceCheck } from "../effects.ts";
import type { Instance } from "../instance.ts";

/** What an instance may be checked for; it has at most one check for each. */
export const CHECK_PURPOSES = ["ready", "alive", "memory"] as const satisfies ReadonlyArray<
  InstanceCheck["use"]
>;

/** What a check of an instance is for. */
export type CheckPurpose = (typeof CHECK_PURPOSES)[number];

/** The checks of an instance. */
export class InstanceChecks {
  /** The checks that are being made, with their numbers. */
  readonly running: Partial<Record<CheckPurpose, number>> = {};
  /** True from when the job's `ready` is met. */
  isReady = false;
  /** Why it is not ready yet, while that is waited for. */
  unready: string | undefined;
  /** Why it is unhealthy; undefined when it is not. */
  unhealthy: string | undefined;

  /** A remark for `status`. */
  get note(): string | undefined {
    if (this.unhealthy !== undefined) return `unhealthy: ${this.unhealthy}`;
    return this.unready && `not ready: ${this.unready}`;
  }
}

/** True while an instance has to wait for its readiness. Without its main process it does not get ready any more. */
export function awaitsReadiness(instance: Instance): boolean {
  return instance.job.definition.ready !== undefined && !instance.checks.isReady && hasItsMain(instance);
}

/** True when the main process runs, or the job has none. */
export function hasItsMain({ job, pids }: Instance): boolean {
  return job.definition.processes.main === undefined || pids.has("main");
}
