/** An instance of a job: what runs, or is about to, or has just been. */

import { Environment } from "../model/environment.ts";
import { type Exit, isSuccess, sameExit } from "../model/exit.ts";
import { type Expectation, INSTANCE_PROCESSES, type InstanceProcess } from "../model/job.ts";
import type { Event } from "./event.ts";
import type { Job } from "./job.ts";
import type { Matcher } from "./matcher.ts";
import type { Goal, State } from "./states.ts";

/** Who waits for an instance to get where it is going: an event it holds, or a request. */
export type Pending = { event: Event } | { request: number; action: "start" | "stop" | "restart" };

/** The first thing that went wrong in an instance's run; `respawn`: the limit was passed. */
export interface Failure {
  process: InstanceProcess | "respawn";
  /** Absent when the process could not even be spawned. */
  exit?: Exit;
}

/** How often a main process forks until it is ready. */
const FORKS: Record<Expectation, number> = { none: 0, stop: 0, fork: 1, daemon: 2 };

function count(forks: number): string {
  return `${forks} fork${forks === 1 ? "" : "s"}`;
}

/** The state of one instance. Everything that changes it is in lifecycle.ts. */
export class Instance {
  goal: Goal = "stop";
  state: State = "waiting";
  environment = new Environment();
  /** The environment of the next start; absent when it is to be the present one. */
  startEnvironment: Environment | undefined;
  /** What the stop brought along for pre-stop and post-stop. */
  stopEnvironment: Environment | undefined;
  failure: Failure | undefined;
  /** How the main process ended last; what a shell would exit with when a process could not be run. */
  lastExit: Exit | undefined;
  /** The event that has to be over before the next state. */
  blocker: Event | undefined;
  pending: Pending[] = [];
  stopOn: Matcher | undefined;
  /** The number of the spawn that is under way, if one is. */
  spawning: number | undefined;
  /** The number of the kill timer, or of the one that bounds `expect fork` and `expect daemon`. */
  timer: number | undefined;
  /** How often the main process has forked and gone, as far as `expect` asks. */
  forks = 0;
  /** Until when (ms) a main process that ends may be followed by its child: see {@link Job} `expect`. */
  followUntil = 0;
  /** When the present run of respawns began (ms), and how many there have been since. */
  respawnsSince = -Infinity;
  respawns = 0;
  readonly pids = new Map<InstanceProcess, number>();

  constructor(readonly job: Job, readonly name: string) {}

  /** `JOB`, or `JOB (INSTANCE)`, as messages have it. */
  get displayName(): string {
    return this.name === "" ? this.job.name : `${this.job.name} (${this.name})`;
  }

  /** How many forks `expect` announces. */
  get expectedForks(): number {
    return FORKS[this.job.definition.expect];
  }

  /** What does not go as the job's definition says; empty when all is well. */
  get note(): string {
    const { forks, expectedForks, state } = this;
    if (state === "spawned" || expectedForks === 0 || forks === expectedForks || !this.pids.has("main")) {
      return "";
    }
    const { expect } = this.job.definition;
    return `expect ${expect}: ${count(expectedForks)} expected, ${forks === 0 ? "none" : forks} seen`;
  }

  /** `JOB main process (PID)`, as messages have it. */
  describe(process: InstanceProcess, pid: number): string {
    return `${this.displayName} ${process} process (${pid})`;
  }

  /**
   * The run as one exit: the first failure's, else the main process's; success for a `normal exit`. A failure never
   * looks like success.
   */
  get result(): Exit {
    const { failure, lastExit = { status: 0 } } = this;
    if (failure) return failure.exit ?? (isSuccess(lastExit) ? { status: 1 } : lastExit);
    const isNormal = this.job.definition.normalExit.some((normal) => sameExit(normal, lastExit));
    return isNormal ? { status: 0 } : lastExit;
  }

  /** The running processes, main first. */
  processes(): Array<[InstanceProcess, number]> {
    if (this.pids.size === 0) return [];
    return INSTANCE_PROCESSES.flatMap((process): Array<[InstanceProcess, number]> => {
      const pid = this.pids.get(process);
      return pid === undefined ? [] : [[process, pid]];
    });
  }
}
