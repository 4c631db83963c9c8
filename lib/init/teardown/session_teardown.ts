/**
 * The teardown of a user's session, as Upstart does it: all jobs are stopped at once, none is respawned, and init exits
 * when the last process has. Jobs that start on `session-end` get some time. Processes that are still there when the
 * longest kill timeout is over, for a job with a post-stop twice that, are left behind.
 */

import { SESSION_EVENT } from "../../model/init_events.ts";
import type { LoadedJob } from "../../engine/loaded_job.ts";
import type { Messages } from "../logs/messages.ts";
import type { RunningInit } from "../running.ts";
import { Deadline } from "../parts/deadline.ts";
import type { Requester, SavedTeardown, Teardown, TeardownPhase } from "./teardown.ts";

/** How long jobs on `session-end` may run before they are stopped, in seconds, where a client ends the session. */
const SESSION_END_TIME = 5;

/** The teardown of the init of a session. */
export class SessionTeardown implements Teardown {
  #requests = 0;
  #phase: TeardownPhase = "session-end";
  readonly #timeLimit = new Deadline(() => this.#phase === "jobs" ? this.#giveUp() : this.#stopAll());

  /** @param onDone Called when init is to exit. */
  constructor(
    private readonly init: RunningInit,
    private readonly messages: Messages,
    private readonly onDone: () => void,
  ) {}

  /** Begins the teardown. Further requests change nothing. */
  begin(requester: Requester): void {
    this.#requests++;
    if (this.#requests > 1) return;
    this.messages.log("info", `Quiescing due to ${requester} request`);
    const waits = requester === "logout" && this.init.awaitsEvent(SESSION_EVENT);
    const type = requester === "logout" ? "logout" : "shutdown";
    this.init.handle({ kind: "stop-all" });
    this.init.handle({ kind: "event", event: SESSION_EVENT, environment: [`TYPE=${type}`] });
    if (waits) this.#timeLimit.set(SESSION_END_TIME * 1000);
    else this.#setTimeLimit();
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
    // First come the events and changes of state that follow from the last exit: they may start jobs that wait for them.
    if (this.#requests > 0) setImmediate(() => this.init.hasProcesses || this.onDone());
  }

  #stopAll(): void {
    this.init.handle({ kind: "stop-all" });
    this.#setTimeLimit();
    this.check();
  }

  #setTimeLimit(): void {
    this.#phase = "jobs";
    const jobs: LoadedJob[] = [...this.init.jobs()];
    this.#timeLimit.set((Math.max(0, ...jobs.map(stopTime)) + 1) * 1000);
  }

  #giveUp(): void {
    for (const job of this.init.jobs()) {
      for (const instance of job.instances.values()) {
        if (instance.processes().length === 0) continue;
        this.messages.log("warn", `job ${instance.displayName} failed to stop`);
      }
    }
    this.onDone();
  }
}

/** How long the stop of a job may take, in seconds: its main process may have to be killed, and its post-stop comes then. */
function stopTime({ definition: { killTimeout, processes } }: LoadedJob): number {
  return processes["post-stop"] ? 2 * killTimeout : killTimeout;
}
