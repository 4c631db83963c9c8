/**
 * The interface of the running init for the control service. The service turns D-Bus calls into calls of this and knows
 * nothing of the engine; init implements it.
 */

import type { EngineView } from "../engine/snapshot/engine_view.ts";
import type { EngineSnapshot } from "../engine/snapshot/engine_snapshot.ts";
import type { FailureName } from "../model/failure.ts";
import type { JournalRecord, OutputLine, Page, PageQuery } from "../model/insight/journal.ts";
import type { Report } from "../model/insight/report.ts";
import type { InstanceProcess, JobDefinition } from "../model/job.ts";
import type { Notice, Request } from "../model/requests.ts";

/** Who asks, by the kernel's word (SO_PEERCRED), never by the client's. */
export interface Peer {
  pid: number;
  uid: number;
  gid: number;
}

/**
 * The name of an error as Upstart spells it behind `com.ubuntu.Upstart0_6.Error.`. UnknownParameter,
 * InvalidArgs, Failed and NotSupported go out as D-Bus's own errors, as Upstart's do.
 */
export type ErrorName =
  | FailureName
  | "UnknownJobInstance"
  | "UnknownParameter"
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
  /** What it waits for, or what does not go as the job's definition says; empty when all is well. `now`: {@link Supervisor.now}. */
  note(now: number): string;
  /** True while the check of its health fails. */
  readonly isUnhealthy: boolean;
  /** Running processes in the order of INSTANCE_PROCESSES. */
  processes(): Array<[InstanceProcess, number]>;
}

/** A job as clients see it. */
export interface JobView {
  readonly definition: JobDefinition;
  readonly instances: ReadonlyMap<string, InstanceView>;
}

/** The message priorities of `initctl log-priority`, most talkative first. */
export const LOG_PRIORITIES = ["debug", "info", "message", "warn", "error", "fatal"] as const;
export type LogPriority = (typeof LOG_PRIORITIES)[number];

/** What has happened, and how things stand. */
export interface Insight {
  /** The records of the journal that are asked for. */
  journal(query: PageQuery): Page<JournalRecord>;
  /** The lines of jobs' output that are asked for. */
  output(query: PageQuery): Page<OutputLine>;
  /** Calls a function, soon, when the journal or the output has more; until the function returned is called. */
  onMore(what: "journal" | "output", listener: () => void): () => void;
  /**
   * What is known of jobs: of those named that there are, or of all, in the order of their names. Of many jobs the answer
   * has the first ones after this name, see {@link Report.next}.
   */
  describe(jobs: string[], after: string): Report;
  /** The whole state of the engine, from which a simulation can go on. */
  engine(): EngineSnapshot;
}

/** The running init as the control service sees it. */
export interface Supervisor {
  /** What `initctl version` prints. */
  readonly version: string;
  /** The present time in ms, by the clock of the engine. */
  readonly now: number;
  logPriority: LogPriority;
  readonly insight: Insight;
  /**
   * Waits until the jobs are loaded and the boot has begun, so that no early request is lost, but not for long: a module
   * that hangs does not make init unreachable. To be called before any call. Undefined when there is nothing to wait for.
   */
  loaded(): Promise<void> | undefined;
  /**
   * Waits a moment for processes that are being started, so that one that runs is not reported as about to. To be called
   * before jobs are read for a client. Undefined when there is nothing to wait for.
   */
  settled(): Promise<void> | undefined;
  /** All jobs, in no particular order. */
  jobs(): Iterable<JobView>;
  job(name: string): JobView | undefined;
  /**
   * What is wrong with the file of a job whose last good definition stays in force, with the place; undefined
   * when nothing is.
   */
  problem(job: string): string | undefined;
  /** A remark on a job none of whose instances is there, such as what its pid file says; empty when there is none. */
  remark(job: string): string;
  /** Why a log of a job cannot be written; empty where it can, and for jobs that Upstart knows. */
  logProblem(job: string): string;
  /**
   * The name of the instance that an environment (of valid `KEY=VALUE` pairs) gives, expanded from the job's
   * `instance` stanza.
   *
   * @throws {ControlError} UnknownJob, UnknownParameter, InvalidArgs
   */
  instanceName(job: string, environment: string[]): string;
  /**
   * Does a request, whose environment holds valid `KEY=VALUE` pairs alone; gives the name of the instance it was
   * about (empty for emit), at once when nothing has to be waited for.
   *
   * @throws {ControlError} when it cannot be done, maybe only later.
   */
  request(request: Request, peer: Peer): string | Promise<string>;
  /** The number of the request that is made next. */
  readonly nextRequest: number;
  /** The answer to a request that was made before init was replaced by another one; otherwise as {@link request}. */
  answerTo(request: number): string | Promise<string>;
  /** Reads the configuration directories again; resolves when the new definitions are in force. */
  reloadConfiguration(): Promise<void>;
  /** The environment that jobs are given by default (`list-env`), which set-env and unset-env change. */
  readonly jobEnvironment: JobEnvironment;
  /** The engine's state as plain data (GetState), to which init may add members that programs read. */
  snapshot(): EngineView;
  /** Tells that writing to disk is possible now (`notify-disk-writeable`): output kept so far is written. */
  notifyDiskWriteable(): void;
  /**
   * Stops and starts the init scripts of a runlevel, where these are jobs. Undefined where they are not. The promise
   * resolves when all are where they are to be, or have failed.
   * @param isShown What they print is shown on the console, too.
   */
  enterLevel(level: string, previous: string, isShown: boolean): Promise<void> | undefined;
  /** Stops all jobs, then leaves (`EndSession`). */
  endSession(): void;
  /**
   * Replaces init, soon, by its executable as it is now, or by another one (`Restart`): all goes on as it was. Resolves when
   * the new one has been tried.
   *
   * @param peer Who asks; absent: init itself.
   * @throws {ControlError} when it cannot be done (the promise rejects).
   */
  restart(executable?: string, peer?: Peer): Promise<void>;
  /** How often it was. */
  readonly restarts: number;
  /** How often it was for an internal error. */
  readonly crashes: number;
  /** True while a restart is under way. */
  readonly restarting: boolean;
  /** Logs an exception of our own code, in the service or below. `where` names what it was doing. */
  fault(where: string, error: unknown): void;
  /** Logs a warning. */
  warn(message: string): void;
  /** Tells that so many bytes have come from clients. */
  received(bytes: number): void;
  /** Calls the listener with all that happens, or what is of certain kinds, until the function returned is called. */
  observe(listener: (notice: Notice) => void, kinds?: ReadonlyArray<Notice["kind"]>): () => void;
}

/** The result of a function of an answer: at once where the answer is there already, else when it comes. */
export function follow<Answer, Result>(
  answer: Answer | Promise<Answer>,
  next: (answer: Answer) => Result,
): Result | Promise<Result> {
  return answer instanceof Promise ? answer.then(next) : next(answer);
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
