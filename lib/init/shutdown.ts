/**
 * The way out of an init that is not a session's: jobs are stopped in the order that their conditions imply, then
 * whatever else descends from init is told to end, and after a total time all that is left is killed.
 */

import process from "node:process";
import { SIGCONT, SIGKILL, SIGTERM } from "../model/signals.ts";
import { SystemError } from "../sys/errno.ts";
import { kill } from "../sys/processes.ts";
import { childrenOf, descendantsOf } from "../sys/procfs.ts";
import type { Messages } from "./messages.ts";
import { LONGEST_DELAY, type RunningInit } from "./running.ts";

/** Who asks init to leave: somebody outside (a signal), a client (`EndSession`), or a job whose end is init's. */
export type Requester = "shutdown" | "logout" | "job";

/** A way out. */
export interface Leaving {
  /** Begins to leave. To be asked again may shorten what is left of it. */
  begin(requester: Requester): void;
  /** To be called whenever a process has ended and no job has one any more. */
  check(): void;
}

/** What is left of the time (ms) when init is asked a second time; a third time nothing is. */
const HURRY = 1000;

/** How long the killed are waited for, in ms: some wait for a device, and no kill reaches those. */
const LAST_WAIT = 1000;

/** The way out of a running init. */
export class Shutdown implements Leaving {
  #requests = 0;
  #limit: ReturnType<typeof setTimeout> | undefined;
  #phase: "jobs" | "others" | "killed" | "left" = "jobs";
  #checking = false;

  /**
   * @param time The total time in ms; absent: as long as the jobs' kill timeouts take.
   * @param leave Called once, in the end. `killed`: some had to be killed as the time was over.
   */
  constructor(
    private readonly init: RunningInit,
    private readonly messages: Messages,
    private readonly time: number | undefined,
    private readonly leave: (killed: boolean) => void,
  ) {}

  begin(requester: Requester): void {
    if (this.#requests > 0 && requester === "job") return;
    this.#requests++;
    if (this.#requests > 1) return this.#setLimit(this.#requests > 2 ? 0 : HURRY);
    this.messages.tell("info", `Stopping all jobs due to ${requester} request`);
    this.init.tell({ kind: "stop-all", inOrder: true });
    this.#setLimit(this.time);
    this.check();
  }

  check(): void {
    if (this.#requests === 0 || this.#checking) return;
    this.#checking = true;
    // What follows from the last exit comes first: it may start something.
    setImmediate(() => {
      this.#checking = false;
      this.#goOn();
    });
  }

  #goOn(): void {
    if (this.#phase === "left") return;
    if (this.#phase !== "killed" && !this.init.idle) {
      // With processes to wait for, their ends bring the next check.
      if (!this.init.hasProcesses) this.check();
      return;
    }
    if (childrenOf(process.pid).length === 0) return this.#leave();
    if (this.#phase === "killed") return killAll();
    if (this.#phase !== "jobs") return;
    this.#phase = "others";
    for (const pid of descendantsOf(process.pid)) {
      send(pid, SIGTERM);
      send(pid, SIGCONT);
    }
  }

  #setLimit(time: number | undefined): void {
    clearTimeout(this.#limit);
    if (time === undefined) return;
    this.#limit = setTimeout(() => this.#kill(), Math.min(time, LONGEST_DELAY));
  }

  /** Kills everything. What is started meanwhile is killed in the next round. */
  #kill(): void {
    if (this.#phase === "left") return;
    if (this.#phase !== "killed") {
      const names = unfinished(this.init);
      const what = names.length > 0 ? `: ${names.join(", ")}` : "";
      this.messages.tell("warn", `The time to stop is over, killing all that is left${what}`);
    }
    this.#phase = "killed";
    killAll();
    this.#limit = setTimeout(() => this.#leave(), LAST_WAIT);
    this.check();
  }

  #leave(): void {
    if (this.#phase === "left") return;
    clearTimeout(this.#limit);
    const killed = this.#phase === "killed";
    this.#phase = "left";
    this.leave(killed);
  }
}

/** The instances that still have processes. */
function unfinished(init: RunningInit): string[] {
  return Array.from(init.jobs()).flatMap((job) =>
    Array.from(
      job.instances.values(),
      (instance) => instance.processes().length > 0 ? instance.displayName : "",
    )
  ).filter((name) => name !== "");
}

/** Kills all processes of the PID namespace, or all descendants. */
function killAll(): void {
  if (process.pid === 1) send(-1, SIGKILL);
  else for (const pid of descendantsOf(process.pid)) send(pid, SIGKILL);
}

/** Sends a signal, to those that still are there and may be sent it. */
function send(pid: number, signal: number): void {
  try {
    kill(pid, signal);
  } catch (error) {
    if (!(error instanceof SystemError)) throw error;
  }
}
