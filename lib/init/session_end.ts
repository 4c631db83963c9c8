/**
 * The end of a user's session, as Upstart does it: every job is stopped at once, none is respawned, and init goes when
 * the last process has. Jobs that start on `session-end` get their chance; whoever is still there when the longest kill
 * timeout is over is left behind.
 */

import type { Job } from "../engine/job.ts";
import type { Messages } from "./messages.ts";
import type { Leaving, Requester } from "./shutdown.ts";
import { LONGEST_DELAY, type RunningInit } from "./running.ts";

/** Seconds that jobs on `session-end` may run before they are stopped, when the session ends of itself. */
const SESSION_END_TIME = 5;

/** The way out of the init of a session. */
export class SessionEnd implements Leaving {
  #begun = false;
  #stoppingAll = false;

  constructor(
    private readonly init: RunningInit,
    private readonly messages: Messages,
    private readonly leave: () => void,
  ) {}

  /** Begins to leave; to be asked again changes nothing. */
  begin(requester: Requester): void {
    if (this.#begun) return;
    this.#begun = true;
    this.messages.tell("info", `Quiescing due to ${requester} request`);
    const waits = requester === "logout" && this.init.awaitsEvent("session-end");
    const type = requester === "logout" ? "logout" : "shutdown";
    this.init.tell({ kind: "stop-all" });
    this.init.tell({ kind: "event", event: "session-end", environment: [`TYPE=${type}`] });
    if (waits) setTimeout(() => this.#stopAll(), SESSION_END_TIME * 1000);
    else this.#setLimit();
    this.check();
  }

  /** To be called whenever the last process of a job has ended. */
  check(): void {
    // Events and state changes that follow from the last exit come first; they may start what waits for them.
    if (this.#begun) setImmediate(() => this.init.hasProcesses || this.leave());
  }

  #stopAll(): void {
    if (this.#stoppingAll) return;
    this.init.tell({ kind: "stop-all" });
    this.#setLimit();
    this.check();
  }

  #setLimit(): void {
    this.#stoppingAll = true;
    const jobs: Job[] = [...this.init.jobs()];
    const longest = Math.max(0, ...jobs.map((job) => job.definition.killTimeout));
    setTimeout(() => this.#giveUp(), Math.min((longest + 1) * 1000, LONGEST_DELAY));
  }

  #giveUp(): void {
    for (const job of this.init.jobs()) {
      for (const instance of job.instances.values()) {
        if (instance.processes().length === 0) continue;
        this.messages.tell("warn", `job ${instance.displayName} failed to stop`);
      }
    }
    this.leave();
  }
}
