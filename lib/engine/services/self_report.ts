/** What an instance has told of itself in its present run, by messages or by files. */

import type { JobDefinition } from "../../model/job.ts";
import { PARTIAL_NOTE } from "../../model/sysv/lsb_exits.ts";
import type { Instance } from "../instance.ts";

/** What is known of the processes of an init script. */
export type ScriptReport = "named" | "partial" | "gone" | "orphaned";

/** What `status` says of them. */
const SCRIPT_NOTES: Readonly<Record<ScriptReport, string>> = {
  named: "",
  partial: PARTIAL_NOTE,
  gone: "its processes are gone",
  orphaned: "its script cannot be run, so its processes are ended",
};

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

  /**
   * Of the processes that an init script has left behind: its pid file names the main process; that one was killed or has
   * failed, and others are left; all are gone; or those that are left have no script any more that could stop them.
   */
  script: ScriptReport | undefined;

  /** Forgets all. */
  clear(): void {
    this.status =
      this.phase =
      this.watchdogTime =
      this.awaits =
      this.script =
        undefined;
  }

  /** A remark for `status`; empty when it has told nothing. */
  get note(): string {
    if (this.awaits !== undefined) return `waits for its process: ${this.awaits}`;
    const script = this.script && SCRIPT_NOTES[this.script];
    if (script) return script;
    return [this.phase, this.status].filter(Boolean).join(": ");
  }
}

/** True for a job that is up once a pid file says so. That of an init script is a hint: it need not be there. */
export function isKnownByPidFile({ pidFile, expect }: JobDefinition): boolean {
  return pidFile !== undefined && expect !== "script";
}

/** True while the process that the file is to name is not known. */
export function awaitsPidFile({ job: { definition }, state, isExpectMet }: Instance): boolean {
  if (!isKnownByPidFile(definition)) return false;
  return definition.processes.main !== undefined && state === "spawned" && !isExpectMet;
}
