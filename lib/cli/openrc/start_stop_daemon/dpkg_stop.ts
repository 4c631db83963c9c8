/** `start-stop-daemon --stop`, as dpkg has it. */

import { unlinkSync } from "node:fs";
import { awaitReaped, runningStatus } from "../../../config/openrc/daemons/processes.ts";
import { errnoMessage, errorReason, ESRCH } from "../../../sys/call/errno.ts";
import { unlessRefused } from "../../../sys/call/refused.ts";
import { awaitAnyEnd, signalSeen } from "../../../sys/process/pidfd.ts";
import { processStatus } from "../../../sys/process/procfs.ts";
import { DpkgError, type DpkgRequest } from "./dpkg_request.ts";
import { DpkgTarget } from "./dpkg_target.ts";
import type { Speech } from "./dpkg.ts";

/** The exit status for a program that does not end. */
const REFUSES = 2;

/** How long to wait between two looks, in ms: where nothing ends meanwhile, and where something has. */
const LONGEST_PAUSE = 1000, SHORTEST_PAUSE = 1;

/**
 * Stops a program. Returns the exit status.
 * @throws {DpkgError}
 */
export function stopProgram(request: DpkgRequest, speech: Speech): number {
  return new Stop(request, speech).run();
}

/** One stop of a program. */
class Stop {
  readonly #target: DpkgTarget;
  /** The processes that got the last signal. */
  #pids: readonly number[] = [];
  /** How many these were, and how many did not get it. */
  #reached = 0;
  #missed = 0;
  #hasReachedAny = false;

  constructor(private readonly request: DpkgRequest, private readonly speech: Speech) {
    this.#target = new DpkgTarget(request);
  }

  run(): number {
    const { schedule, signal, test } = this.request;
    if (schedule && !test) return this.#follow(schedule);
    if (schedule) this.speech.info("Ignoring --retry in test mode\n");
    this.#send(signal, 0);
    if (this.#missed > 0) this.speech.info(`${this.#missed} pids were not killed\n`);
    return this.#finish();
  }

  #follow(schedule: NonNullable<DpkgRequest["schedule"]>): number {
    let retries = 0;
    for (let at = 0; at < schedule.length; at++) {
      let item = schedule[at]!;
      if (item.kind === "repeat") item = schedule[at = item.from]!;
      if (item.kind === "signal") {
        this.#send(item.signal, retries++);
        if (this.#reached === 0) return this.#finish();
      } else if (item.kind === "wait" && this.#wait(item.seconds)) return this.#finish();
    }
    this.speech.info(`Program ${this.#what}, ${this.#reached} process(es), refused to die.\n`);
    return REFUSES;
  }

  #send(signal: number, retry: number): void {
    const { test } = this.request, { pids } = this.#target.find();
    const reached = pids.filter((pid) => {
      if (test) {
        this.speech.info(`Would send signal ${signal} to ${pid}.\n`);
        return true;
      }
      const problem = signalProblem(pid, signal);
      if (problem !== undefined) this.speech.warn(`failed to kill ${pid}: ${problem}`);
      return problem === undefined;
    });
    this.#pids = reached;
    this.#reached = reached.length;
    this.#missed = pids.length - reached.length;
    this.#hasReachedAny ||= reached.length > 0;
    if (reached.length === 0 || test) return;
    const again = retry > 0 ? `, retry #${retry}` : "";
    this.speech.debug(`Stopped ${this.#what} (pid ${reached.toReversed().join(" ")})${again}.\n`);
  }

  /** Waits until all are gone, or the time is over. True when they are gone. */
  #wait(seconds: number): boolean {
    for (const end = performance.now() + 1000 * seconds;;) {
      const pids = this.#target.find().pids.filter((pid) => runningStatus(pid));
      this.#reached = pids.length;
      if (pids.length === 0) {
        awaitReaped(this.#pids);
        return true;
      }
      const left = end - performance.now();
      if (left <= 0) return false;
      awaitAnyEnd(pids, Math.max(SHORTEST_PAUSE, Math.min(left, LONGEST_PAUSE)));
    }
  }

  #finish(): number {
    const { removesPidFile, pidFile, test, idleStatus } = this.request;
    if (removesPidFile && pidFile !== undefined && !test) removePidFile(pidFile);
    if (this.#hasReachedAny) return 0;
    this.speech.info(`No ${this.#what} found running; none killed.\n`);
    return idleStatus;
  }

  get #what(): string {
    const { name, exec, pidFile, pid, parent, owner } = this.request;
    if (name !== undefined) return name;
    if (exec !== undefined) return exec;
    if (pidFile !== undefined) return `process in pidfile '${pidFile}'`;
    if (pid !== undefined) return `process with pid ${pid}`;
    return parent === undefined ? `process(es) owned by '${owner}'` : `process(es) with parent pid ${parent}`;
  }
}

/** Sends a signal. Gives why it could not; undefined where it was sent. */
function signalProblem(pid: number, signal: number): string | undefined {
  const status = processStatus(pid);
  if (!status) return errnoMessage(ESRCH);
  return unlessRefused(() => signalSeen(status, signal) ? undefined : errnoMessage(ESRCH), errorReason);
}

function removePidFile(path: string): void {
  unlessRefused(() => unlinkSync(path), (error) => {
    if (error.code !== "ENOENT") {
      throw new DpkgError(`cannot remove pidfile '${path}' (${errorReason(error)})`);
    }
  });
}
