/** What an instance has told of itself in its present run, by messages or by files. */

import type { Instance } from "../instance.ts";

/** The reports of a service on itself. */
export class SelfReport {
  /** What it does, in its own words. */
  status: string | undefined;
  /** It reads its configuration again, or is on its way down, as it says. */
  phase: "reloading" | "stopping" | undefined;
  /** How long it may be without a sign of life (ms), where it has said so itself. */
  watchdogTime: number | undefined;

  /** What tells which process it is, as far as that is waited for; then why that is not believed. */
  awaits: string | undefined;

  /** Forgets all. */
  clear(): void {
    this.status =
      this.phase =
      this.watchdogTime =
      this.awaits =
        undefined;
  }

  /** A remark for `status`; empty when it has told nothing. */
  get note(): string {
    if (this.awaits !== undefined) return `waits for its process: ${this.awaits}`;
    return [this.phase, this.status].filter(Boolean).join(": ");
  }
}

/** True while the process that the file is to name is not known. */
export function awaitsPidFile({ job, state, isExpectMet }: Instance): boolean {
  const { pidFile, processes } = job.definition;
  return pidFile !== undefined && processes.main !== undefined && state === "spawned" && !isExpectMet;
}
