/** An instance of a job: its goal, its state, its processes, and who waits for it. */

import { displayName } from "../model/display_name.ts";
import { Environment } from "../model/environment.ts";
import { type Exit, isSuccess, sameExit } from "../model/exit.ts";
import { expand } from "../model/expand.ts";
import {
  type Expectation,
  INSTANCE_PROCESSES,
  type InstanceProcess,
  type JobDefinition,
} from "../model/job.ts";
import { printable } from "../model/text/printable.ts";
import { InstanceChecks } from "./checks/instance_checks.ts";
import type { Matcher } from "./conditions/matcher.ts";
import type { Event } from "./events/event.ts";
import type { JobChain } from "./events/start_loops.ts";
import type { LoadedJob } from "./loaded_job.ts";
import { SelfReport } from "./services/self_report.ts";
import type { Goal, State } from "./states.ts";
import { noteOf } from "./waiting/notes.ts";
import type { InstanceTimer, InstanceTimerPurpose } from "./timers.ts";

/** Who waits until an instance is where its goal leads: an event that it holds, or a request. */
export type InstanceWaiter = { event: Event } | { request: number; action: "start" | "stop" | "restart" };

/** The first failure in the run of an instance. */
export interface FailureCause {
  /**
   * What failed: a process; `respawn` when the respawn limit is exceeded, `timeout` when the start took too long, `health`
   * when it is unhealthy, `needs` for something that the job needs.
   */
  process: InstanceProcess | "respawn" | "timeout" | "health" | "needs";
  /** Absent when the process could not even be spawned. */
  exit?: Exit;
  /** What clients that wait for the instance are told, beyond the fact that it failed. */
  message?: string;
  /** Why, as the end of a sentence that begins with the job, where the others do not say it. */
  reason?: string;
}

/** A failure after which an instance is tried again. */
export interface Setback {
  /** Why, as the end of a sentence that begins with the job. */
  reason: string;
  /** True when the start had failed, or the work of a task; false when a service went down that had been up. */
  isStart: boolean;
}

/** What the main process of an instance has left behind, while it is ended. */
export interface Leftovers {
  /** How often init has looked since the signal last changed. */
  looks: number;
  /** When they get SIGKILL (ms), and how often they did. */
  killAt: number;
  kills: number;
}

/** The longest name of an instance, in characters. Messages, events and paths repeat it many times. */
const LONGEST_NAME = 4096;

/**
 * The name of the instance that a job's start with these variables is about.
 *
 * @throws {ExpansionError} when a variable is not set, or the name is too long.
 */
export function nameOfInstance({ instance }: JobDefinition, variables: Environment): string {
  return expand(instance, variables, LONGEST_NAME);
}

/** How often a main process forks until it is ready (init(5), `expect`). */
const FORKS: Record<Expectation, number> = { none: 0, stop: 0, fork: 1, daemon: 2, children: 0, script: 0 };

/** An instance. lifecycle.ts and its neighbours change it. */
export class Instance {
  goal: Goal = "stop";
  state: State = "waiting";
  environment = new Environment();
  /** The environment of the next start; undefined when it is the present one. */
  startEnvironment: Environment | undefined;
  /** Variables of the stop, for pre-stop and post-stop. */
  stopEnvironment: Environment | undefined;
  /** The jobs that have led to what it does; begins with its own job. */
  cause: JobChain;
  failure: FailureCause | undefined;
  /**
   * How the main process ended last; when a process could not be spawned, the status that a shell would exit with; when a
   * need failed, how that ended.
   */
  lastExit: Exit | undefined;
  /** True when the main process has ended by itself, with success. */
  isDone = false;
  /** The failure of its last run, while it is tried again: until it is up, or somebody starts it. */
  setback: Setback | undefined;
  /** Why nothing that goes on now is going to meet a need that it waits for, as a sentence. */
  stall: string | undefined;
  /** How many of its job's dependencies, from the first, are known not to hold it. A hint, which is not saved. */
  edgesMet = 0;
  /** The event that has to be finished before the next state. */
  blocker: Event | undefined;
  waiters: InstanceWaiter[] = [];
  stopOn: Matcher | undefined;
  /** The timers that are set, by their purpose. */
  readonly timers = new Map<InstanceTimerPurpose, InstanceTimer>();
  /** How many forks of the main process have been seen (`expect fork`, `expect daemon`). */
  forks = 0;
  /** True when the main process has done what `expect` says, or is taken for the service all the same. */
  isExpectMet = false;
  readonly checks = new InstanceChecks();
  readonly report = new SelfReport();
  /** True when init is to end with it, whatever its definition says. */
  endsInit = false;
  /** Until when (ms) a main process that ends is checked for a child that lives on in its place. */
  tracksForksUntil = -Infinity;
  /** When the present series of respawns began (ms), and how many there have been since. */
  respawnsSince = -Infinity;
  respawns = 0;
  /** When the main process was started last (ms). */
  mainStartedAt = -Infinity;
  /** When the instance was up (ms); undefined when it was not in the present run. */
  upSince: number | undefined;
  /** How many runs have failed in a row, for the delay of the next (`respawn delay`). */
  failures = 0;
  /** When the instance may start again (ms); undefined: at once. */
  nextStartAt: number | undefined;
  /** The start has taken longer than its timeout: the hooks of that start are ended. */
  isTimedOut = false;
  /** The stop is to wait for nothing (`stop --force`). */
  isForced = false;
  /** What it has left behind is nobody's: it goes on by itself (the request `forget`). */
  isForgotten = false;
  /** The hook that was told to end: its exit is no failure. */
  abortedHook: InstanceProcess | undefined;
  /** The sessions and process groups of the main process, from when it ran, until what is left of them has ended. */
  leaders: number[] = [];
  /** What its main process has left behind, while the instance waits for its end. */
  leftovers: Leftovers | undefined;
  /** The processes that are being spawned, with the number of the spawn. */
  readonly spawns = new Map<InstanceProcess, number>();
  /** The processes that run. */
  readonly pids = new Map<InstanceProcess, number>();

  constructor(readonly job: LoadedJob, readonly name: string) {
    this.cause = { job, previous: undefined };
  }

  /** Begins a new chain of causes: what it does now, no other job has led to. */
  resetCause(): void {
    this.cause = { job: this.job, previous: undefined };
  }

  /** Its name in messages: `JOB`, or `JOB (INSTANCE)`. */
  get displayName(): string {
    return displayName(this.job.name, this.name);
  }

  /** True for a job with rouse's own semantics: a hook that nobody needs any more is ended, and every failure counts. */
  get isRouse(): boolean {
    return this.job.definition.semantics === "rouse";
  }

  /** How many forks `expect` says. */
  get expectedForks(): number {
    return FORKS[this.job.definition.expect];
  }

  /**
   * A remark for `status`: what it waits for, or what is not as the definition says; else empty. It is one line, whatever
   * the variables, files and services say that it repeats. `now`: see {@link Time}.
   */
  note(now: number): string {
    return printable(this.job.waitNote(this, now) || noteOf(this, now));
  }

  /** True while the check of its health fails. */
  get isUnhealthy(): boolean {
    return this.checks.unhealthy !== undefined;
  }

  /** True while a process runs, or is being spawned. */
  has(process: InstanceProcess): boolean {
    return this.pids.has(process) || this.spawns.has(process);
  }

  /** The name of a process in messages: `JOB main process (PID)`. */
  describe(process: InstanceProcess, pid: number): string {
    return `${this.displayName} ${process} process (${pid})`;
  }

  /**
   * The result of the run as one exit: that of the first failure, else that of the main process. A `normal exit` is
   * success; a failure never is.
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
