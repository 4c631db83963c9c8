/** With which status init exits, and which job's end is its own. */

import type { Exit } from "../model/exit.ts";
import type { Notice } from "../control/supervisor.ts";
import type { RunningInit } from "./running.ts";

/** The exit status that shells give to how a process ended: 128 and the signal's number, if it was a signal. */
export function exitStatus(exit: Exit): number {
  return "status" in exit ? exit.status : 128 + exit.signal;
}

/** Watches for the end of a job that is init's end too. */
export class Ending {
  /** The status of the first such job that has ended. */
  status: number | undefined;

  /**
   * @param job The job of `--exit-with`, beside those whose definitions say so.
   * @param end Called at the end of the first of them.
   */
  constructor(
    private readonly init: RunningInit,
    private readonly job: string | undefined,
    private readonly end: (job: string) => void,
  ) {
    init.observe((notice) => this.#noticed(notice), ["instance-removed"]);
  }

  /** True when init's status is to be that of a job, which may not have ended yet. */
  get awaited(): boolean {
    if (this.job !== undefined) return true;
    return Array.from(this.init.inventory.values()).some(({ definition }) => definition.endsInit);
  }

  #noticed(notice: Notice): void {
    if (notice.kind !== "instance-removed" || this.status !== undefined) return;
    const job = this.init.inventory.get(notice.job);
    if (notice.job !== this.job && !job?.definition.endsInit) return;
    if (job && job.instances.size > 0) return;
    this.status = exitStatus(notice.exit ?? { status: 0 });
    this.end(notice.job);
  }
}
