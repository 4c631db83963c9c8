/**
 * What the control service asks of the running init. The service turns D-Bus calls into these and knows
 * nothing of the engine; init implements them.
 */

import type { Exit } from "../model/exit.ts";
import type { InstanceProcess, JobDefinition } from "../model/job.ts";

/** Who asks, by the kernel's word (SO_PEERCRED), never by the client's. */
export interface Peer {
  pid: number;
  uid: number;
  gid: number;
}

/** A request that changes something. `environment` holds `KEY=VALUE` strings. */
export type ControlRequest =
  /** Starts, stops or restarts the instance that the environment names (`Job.Start`, `.Stop`, `.Restart`). */
  | { kind: "start" | "stop" | "restart"; job: string; environment: string[]; wait: boolean }
  /** The same for an instance known by its name (`Instance.Start`, …). */
  | { kind: "start" | "stop" | "restart"; job: string; instance: string; wait: boolean }
  /** Sends the job's reload signal to the main process of an instance (`Instance.Reload`). */
  | { kind: "reload"; job: string; instance: string }
  /** Emits an event; with `wait` the answer comes when all that it set off is up or done. */
  | { kind: "emit"; event: string; environment: string[]; wait: boolean };

/**
 * The name of an error as Upstart spells it behind `com.ubuntu.Upstart0_6.Error.`. UnknownParameter,
 * InvalidArgs, Failed and NotSupported go out as D-Bus's own errors, as Upstart's do.
 */
export type ErrorName =
  | "UnknownJob"
  | "UnknownInstance"
  | "UnknownJobInstance"
  | "UnknownParameter"
  | "AlreadyStarted"
  | "AlreadyStopped"
  | "NotRunning"
  | "JobFailed"
  | "EventFailed"
  | "InvalidArgs"
  | "PermissionDenied"
  | "Failed"
  | "NotSupported";

/** A request that could not be done: the error's name, and the sentence that the user reads. */
export class ControlError extends Error {
  constructor(readonly errorName: ErrorName, message: string) {
    super(message);
  }
}

/** An instance as clients see it. */
export interface InstanceView {
  readonly name: string;
  /** `start` or `stop`. */
  readonly goal: string;
  /** A state of init(5)'s life cycle, e.g. `pre-start`. */
  readonly state: string;
  /** What does not go as the job's definition says; empty when all is well. */
  readonly note: string;
  /** Running processes in the order of INSTANCE_PROCESSES. */
  processes(): Array<[InstanceProcess, number]>;
}

/** A job as clients see it. */
export interface JobView {
  readonly definition: JobDefinition;
  readonly instances: ReadonlyMap<string, InstanceView>;
}

/** Something that happened. D-Bus signals tell of all but the ends of processes. */
export type Notice =
  | { kind: "job-added" | "job-removed"; job: string }
  | { kind: "instance-added"; job: string; instance: string }
  /** `exit` is how the instance's last run ended. */
  | { kind: "instance-removed"; job: string; instance: string; exit?: Exit }
  | { kind: "goal-changed"; job: string; instance: string; goal: string }
  | { kind: "state-changed"; job: string; instance: string; state: string }
  /** `status` is the exit status of the process that failed, or its signal times 256; −1 or absent when it could not be run. */
  | { kind: "failed"; job: string; instance: string; status?: number }
  /** The event is over: all that it set off is up or done. */
  | { kind: "event-emitted"; event: string; environment: string[] }
  | { kind: "process-ended"; job: string; instance: string; process: InstanceProcess; exit: Exit }
  | { kind: "restarted" };

/** The message priorities of `initctl log-priority`, most talkative first. */
export const LOG_PRIORITIES = ["debug", "info", "message", "warn", "error", "fatal"] as const;
export type LogPriority = (typeof LOG_PRIORITIES)[number];

/** The running init as the control service sees it. */
export interface Supervisor {
  /** What `initctl version` prints. */
  readonly version: string;
  logPriority: LogPriority;
  /** All jobs, in no particular order. */
  jobs(): Iterable<JobView>;
  job(name: string): JobView | undefined;
  /**
   * What is wrong with the file of a job whose last good definition stays in force, with the place; undefined
   * when nothing is.
   */
  problem(job: string): string | undefined;
  /**
   * The name of the instance that an environment (of valid `KEY=VALUE` pairs) gives, expanded from the job's
   * `instance` stanza. Throws {@link ControlError} (UnknownJob, UnknownParameter, InvalidArgs).
   */
  instanceName(job: string, environment: string[]): string;
  /**
   * Does a request, whose environment holds valid `KEY=VALUE` pairs alone; gives the name of the instance it was
   * about (empty for emit), at once when nothing has to be waited for. Throws or rejects with {@link ControlError}.
   */
  request(request: ControlRequest, peer: Peer): string | Promise<string>;
  /** Reads the configuration directories again; resolves when the new definitions are in force. */
  reloadConfiguration(): Promise<void>;
  /** The environment that jobs are given by default (`list-env`), which set-env and unset-env change. */
  readonly jobEnvironment: JobEnvironment;
  /** All of the engine's state as plain data (GetState). */
  snapshot(): unknown;
  /** Tells that writing to disk is possible now (`notify-disk-writeable`): output kept so far is written. */
  notifyDiskWriteable(): void;
  /** Stops all jobs, then leaves (`EndSession`). */
  endSession(): void;
  /** Replaces init by a fresh copy of itself that takes over all jobs (`Restart`). */
  restart(): void;
  /** Calls the listener with all that happens, or what is of certain kinds, until the function returned is called. */
  observe(listener: (notice: Notice) => void, kinds?: ReadonlyArray<Notice["kind"]>): () => void;
}

/** A table of variables that can be read and changed; `instance` narrows it to one running instance. */
export interface JobEnvironment {
  list(instance?: { job: string; instance: string }): string[];
  get(name: string, instance?: { job: string; instance: string }): string | undefined;
  /** With `replace` false a variable that is set keeps its value. */
  set(pair: string, replace: boolean, instance?: { job: string; instance: string }): void;
  unset(name: string, instance?: { job: string; instance: string }): void;
  reset(instance?: { job: string; instance: string }): void;
}
