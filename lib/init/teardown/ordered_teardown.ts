/**
 * The teardown of an init that is not a session's: jobs are stopped in the order that their conditions imply, then all
 * other descendants of init are sent SIGTERM, and when the time is over, all that is left is killed.
 */

import process from "node:process";
import { SIGCONT, SIGKILL, SIGTERM } from "../../model/signals.ts";
import { SystemError } from "../../sys/call/errno.ts";
import { kill } from "../../sys/process/processes.ts";
import { childrenOf, descendantsOf } from "../../sys/process/procfs.ts";
import type { Messages } from "../logs/messages.ts";
import type { RunningInit } from "../running.ts";
import { Deadline } from "../parts/deadline.ts";
import type { Requester, SavedTeardown, Teardown, TeardownPhase } from "./teardown.ts";

/** The time that is left after a second request, in ms. After a third none is. */
const SECOND_REQUEST_TIME = 1000;

/** How long killed processes are waited for, in ms: one that waits for a device does not exit by SIGKILL. */
const KILL_WAIT = 1000;

/** The teardown of a machine's or a container's init. */
export class OrderedTeardown implements Teardown {
  #requests = 0;
  readonly #timeLimit = new Deadline(() => this.#phase === "killed" ? this.#finish() : this.#kill());
  #phase: TeardownPhase = "jobs";
  #isChecking = false;

  /**
   * @param time The total time in ms. Absent: as long as the jobs' kill timeouts take.
   * @param onDone Called once, when init is to exit. `killed`: some processes had to be killed, for the time was over.
   */
  constructor(
    private readonly init: RunningInit,
    private readonly messages: Messages,
    private readonly time: number | undefined,
    private readonly onDone: (killed: boolean) => void,
  ) {}

  begin(requester: Requester): void {
    if (this.#requests > 0 && requester === "job") return;
    this.#requests++;
    if (this.#requests > 1) return this.#setTimeLimit(this.#requests > 2 ? 0 : SECOND_REQUEST_TIME);
    this.messages.log("info", `Stopping all jobs due to ${requester} request`);
    this.init.handle({ kind: "stop-all", inOrder: true });
    this.#setTimeLimit(this.time);
    this.check();
  }

  save(): SavedTeardown {
    return { requests: this.#requests, phase: this.#phase, timeLeft: this.#timeLimit.save() };
  }

  /** To be called when the running init is restored. */
  restore({ requests, phase, timeLeft }: SavedTeardown): void {
    this.#requests = requests;
    this.#phase = phase;
    this.#timeLimit.restore(timeLeft);
    this.check();
  }

  check(): void {
    if (this.#requests === 0 || this.#isChecking) return;
    this.#isChecking = true;
    // First comes what follows from the last exit: it may start something.
    setImmediate(() => {
      this.#isChecking = false;
      this.#goOn();
    });
  }

  #goOn(): void {
    if (this.#phase === "done") return;
    if (this.#phase !== "killed" && !this.init.isIdle) {
      // Where there are processes, their exits bring the next check.
      if (!this.init.hasProcesses) this.check();
      return;
    }
    if (childrenOf(process.pid).length === 0) return this.#finish();
    if (this.#phase === "killed") return killAll();
    if (this.#phase !== "jobs") return;
    this.#phase = "others";
    for (const pid of descendantsOf(process.pid)) {
      send(pid, SIGTERM);
      send(pid, SIGCONT);
    }
  }

  #setTimeLimit(time: number | undefined): void {
    if (time === undefined) this.#timeLimit.clear();
    else this.#timeLimit.set(time);
  }

  /** Kills everything. Processes that are started meanwhile are killed in the next round. */
  #kill(): void {
    if (this.#phase === "done") return;
    if (this.#phase !== "killed") {
      const names = unfinished(this.init);
      const what = names.length > 0 ? `: ${names.join(", ")}` : "";
      this.messages.log("warn", `The time to stop is over, killing all that is left${what}`);
    }
    this.#phase = "killed";
    killAll();
    this.#timeLimit.set(KILL_WAIT);
    this.check();
  }

  #finish(): void {
    if (this.#phase === "done") return;
    this.#timeLimit.clear();
    const killed = this.#phase === "killed";
    this.#phase = "done";
    this.onDone(killed);
  }
}

/** The names of the instances that still have processes. */
function unfinished(init: RunningInit): string[] {
  return Array.from(init.jobs()).flatMap((job) =>
    Array.from(
      job.instances.values(),
      (instance) => instance.processes().length > 0 ? instance.displayName : "",
    )
  ).filter((name) => name !== "");
}

/** Kills all processes of the PID namespace, or all descendants where init is not process 1. */
function killAll(): void {
  if (process.pid === 1) send(-1, SIGKILL);
  else for (const pid of descendantsOf(process.pid)) send(pid, SIGKILL);
}

/** Sends a signal to a process, if it still exists and may be sent it. */
function send(pid: number, signal: number): void {
  try {
    kill(pid, signal);
  } catch (error) {
    if (!(error instanceof SystemError)) throw error;
  }
}
