/** The inputs and effects of the engine, as plain data. */

import type { CheckUse, PolledCheck } from "../model/checks/check.ts";
import type { Exit } from "../model/exit.ts";
import type { FailureName } from "../model/failure.ts";
import type { InstanceProcess, JobDefinition } from "../model/job.ts";
import type { Notification } from "../model/checks/notification.ts";
import type { Asker } from "../model/insight/journal.ts";
import type { Notice, Request } from "../model/requests.ts";

/** The time of an input, by two clocks, in ms. */
export interface Time {
  /** From any origin, and never going back (clock_gettime(2), CLOCK_MONOTONIC). All durations are measured by it. */
  monotonic: number;
  /** Since 1970 (CLOCK_REALTIME). It goes back when the clock is set. */
  wall: number;
}

/** A job's new definition; without one the job is removed. */
export interface DefinitionChange {
  name: string;
  definition: JobDefinition | undefined;
}

/** The process that lives on after a main process has forked and ended (`expect fork`, `expect daemon`). */
export interface TrackedProcess {
  pid: number;
  /** How many forks lie between the two. */
  forks: number;
  /** Its session, where that is another one than the process's own. */
  session?: number;
}

/** Something that has happened outside. */
export type Input =
  | { kind: "definitions"; changes: DefinitionChange[] }
  /** `request` is a number of the caller's choice that comes back in the `answer`. `asker`: who is told of as the cause. */
  | { kind: "request"; request: number; what: Request; asker?: Asker }
  /** An event of init's own, such as startup. */
  | { kind: "event"; event: string; environment: string[] }
  | { kind: "spawned"; spawn: number; pid: number }
  /** The process is not needed on this system: the instance goes on without it. */
  | { kind: "spawn-skipped"; spawn: number }
  /**
   * `reason` completes the message "Failed to spawn web main process: ". `status`: the exit status that a shell would
   * have, 126 when absent. `isForCaller`: the client that waits for the start is told the reason, too.
   */
  | { kind: "spawn-failed"; spawn: number; reason: string; status?: number; isForCaller?: boolean }
  /** `trackedProcess`: the process that lives on in its place, to be looked for when {@link Engine.tracksForks} is true. */
  | { kind: "exited"; pid: number; exit: Exit; trackedProcess?: TrackedProcess }
  /**
   * A tracked process will not fork again: it has executed another program (`isCertain`), or it has had the time in
   * which daemons fork.
   */
  | { kind: "settled"; pid: number; isCertain: boolean }
  | { kind: "stopped"; pid: number; signal: number }
  | { kind: "timer"; timer: number }
  /** A check passes: for the first time, or again after it has failed. */
  | { kind: "check-passed"; check: number }
  /**
   * A check fails: one of `ready` for the first time, or with another reason; any other as often in a row as its
   * definition says. `reason` completes the message "web is not ready: ", as in "connection refused on 127.0.0.1:80".
   */
  | { kind: "check-failed"; check: number; reason: string }
  /** A process of the instance says that the job is ready, as its definition says that it would (`ready notify`, …). */
  | { kind: "ready"; job: string; instance: string }
  /** An instance tells something of itself. Its `mainPid` is that of a process of the instance. */
  | { kind: "notification"; job: string; instance: string; told: Notification }
  /** A pid file names the process of a service, which is believed; or not yet, or not believed, as `reason` says. */
  | { kind: "pid-file"; job: string; instance: string; pid: number; session: number }
  | { kind: "pid-file-refused"; job: string; instance: string; reason: string }
  /** The answer to the effect `find-left-behind`, where there is such a process. */
  | { kind: "left-behind"; job: string; instance: string; process: TrackedProcess }
  /** The answer to the effect `end-leftovers`: the processes that there were, before any signal. */
  | { kind: "leftovers"; job: string; instance: string; pids: number[] }
  /** A main process runs that another engine has started, see adoption.ts. `environment`: the instance's variables. */
  | { kind: "adopt"; job: string; instance: string; pid: number; environment: string[] }
  /** Every instance is stopped, at once or in the order that the conditions imply. No job is respawned any more. */
  | { kind: "stop-all"; inOrder?: boolean };

/** What an instance is checked for. */
export type InstanceCheck =
  /** The definition's check, with the instance's variables put in where it is not a command. */
  | { use: CheckUse; check: PolledCheck }
  /** Its processes use no more memory than this (bytes). */
  | { use: "memory"; above: number };

/** Something that the caller has to do, in the order given. */
export type Effect =
  /** Spawn a process, and report the result by `spawned`, `spawn-skipped` or `spawn-failed` with the same number. */
  | {
    kind: "spawn";
    spawn: number;
    definition: JobDefinition;
    instance: string;
    process: InstanceProcess;
    environment: string[];
  }
  /** Send a signal to a process, or to its whole process group. */
  | { kind: "kill"; pid: number; signal: number; group: boolean }
  /**
   * Look for what is left of an instance whose main process has ended: processes in the sessions and process groups of
   * `leaders`, which have ended, and in the instance's own control groups. Send each the signal, unless that is 0, and
   * report by `leftovers`.
   */
  | { kind: "end-leftovers"; job: string; instance: string; leaders: number[]; signal: number }
  /**
   * Look for a process that an init script has left behind, whose start has ended, and report it by `left-behind`. `leader`
   * was the start's process.
   */
  | { kind: "find-left-behind"; job: string; instance: string; leader: number }
  /** `delay` in ms; 0: as soon as all effects so far have been done. */
  | { kind: "set-timer"; timer: number; delay: number }
  | { kind: "clear-timer"; timer: number }
  /**
   * Make a check again and again, and report by `check-passed` and `check-failed` what changes, until `stop-check`. It
   * belongs to the instance, whose surroundings and environment a command has.
   */
  | {
    kind: "start-check";
    check: number;
    what: InstanceCheck;
    definition: JobDefinition;
    instance: string;
    /** That of a command; else empty. */
    environment: string[];
  }
  | { kind: "stop-check"; check: number }
  /**
   * Look at a pid file until `forget-pid-file`, and report by `pid-file` and `pid-file-refused`. `main` is the process that
   * makes it, `user` whom it runs as, if not as init.
   */
  | { kind: "await-pid-file"; job: string; instance: string; path: string; main: number; user?: string }
  | { kind: "forget-pid-file"; job: string; instance: string }
  /** `instance`: the name of the instance that the request was about, empty for emit. */
  | { kind: "answer"; request: number; instance: string; error?: { name: FailureName; message: string } }
  | { kind: "log"; priority: "info" | "warn"; message: string }
  | { kind: "notice"; notice: EngineNotice };

/** A notice of a change in the engine. Ends of processes are told by those who reap them. */
export type EngineNotice = Exclude<Notice, { kind: "process-ended" }>;

/**
 * A kind of effect that can be muted: notices by their kind, log messages of the priority info, and of the notices of states
 * those of states that an instance only goes through.
 */
export type NoticeKind = "info" | "passing-state" | EngineNotice["kind"];

/** All kinds that can be muted. */
export const NOTICE_KINDS: readonly NoticeKind[] = [
  "info",
  "passing-state",
  "job-added",
  "job-changed",
  "job-removed",
  "instance-added",
  "instance-removed",
  "goal-changed",
  "state-changed",
  "spawned",
  "spawn-failed",
  "respawned",
  "failed",
  "check-changed",
  "event-begun",
  "event-emitted",
];
