/** The exit status of init, where it is that of a job whose end ends init. */

import { type Exit, isSuccess } from "../../model/exit.ts";
import { endsInitWith } from "../../model/job.ts";
import type { Notice } from "../../model/requests.ts";
import { SIGKILL } from "../../model/signals.ts";
import type { Part } from "../parts/part.ts";
import type { RunningInit } from "../running.ts";

/** The exit status as shells have it: 128 and the signal's number, if a signal ended the process. */
function shellStatus(exit: Exit): number {
  return "status" in exit ? exit.status : 128 + exit.signal;
}

/** What is saved of {@link ExitStatus}. */
export interface SavedExitStatus {
  status?: number;
}

/** Watches for the end of a job that ends init. */
export class ExitStatus implements Part<SavedExitStatus> {
  /** The exit status of the first such job that has ended. */
  status: number | undefined;

  /**
   * @param isOption True when the command line names such a job, which may not be defined yet, or no more.
   * @param onEnd Called at the end of the first of them.
   */
  constructor(
    private readonly init: RunningInit,
    private readonly isOption: boolean,
    private readonly onEnd: (job: string, exit: Exit) => void,
  ) {
    init.observe((notice) => this.#noticed(notice), ["instance-removed"]);
  }

  save(): SavedExitStatus {
    return this.status === undefined ? {} : { status: this.status };
  }

  restore({ status }: SavedExitStatus): void {
    this.status = status;
  }

  /**
   * True when the exit status of init is to be that of a job, which may not have ended yet. Where a job ends init by its
   * failure alone, init has nothing to tell before that.
   */
  get comesFromJob(): boolean {
    return this.isOption ||
      Array.from(this.init.jobTable.values()).some(({ definition }) => endsInitWith(definition, true));
  }

  /**
   * The exit status of init, which ends now.
   *
   * @param stopSignal The signal that has asked it to stop.
   * @param isKilled True where processes had to be killed, for the time for the teardown was over.
   */
  ofInit(stopSignal: number | undefined, isKilled = false): number {
    if (this.status !== undefined) return this.status;
    if (isKilled) return 128 + SIGKILL;
    return this.comesFromJob && stopSignal !== undefined ? 128 + stopSignal : 0;
  }

  #noticed(notice: Notice): void {
    if (notice.kind !== "instance-removed" || !notice.endsInit || this.status !== undefined) return;
    const job = this.init.jobTable.get(notice.job);
    if (job && job.instances.size > 0) return;
    this.status = shellStatus(notice.exit);
    this.onEnd(notice.job, notice.exit);
  }
}

/** What the log says of the end of a job that ends init. */
export function endOf(job: string, exit: Exit): ["info" | "warn", string] {
  return isSuccess(exit)
    ? ["info", `Init ends, because ${job} has ended`]
    : ["warn", `Init ends, because ${job} failed`];
}
