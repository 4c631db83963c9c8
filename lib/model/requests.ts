/** The requests of clients, and the notices of what happens: plain data that engine, init and control service share. */

import type { Exit } from "./exit.ts";
import type { Cause } from "./insight/journal.ts";
import type { InstanceProcess } from "./job.ts";

/** A request that changes something. Environments are `KEY=VALUE` strings. */
export type Request =
  /**
   * Starts, stops or restarts the instance that the environment names (`Job.Start`, `.Stop`, `.Restart`). `force`, of a stop
   * alone: whatever runs is killed, and nothing is waited for.
   */
  | { kind: "start" | "stop" | "restart"; job: string; environment: string[]; wait: boolean; force?: boolean }
  /** The same for an instance known by its name (`Instance.Start`, …). */
  | { kind: "start" | "stop" | "restart"; job: string; instance: string; wait: boolean; force?: boolean }
  /** Forgets how often an instance has failed: a respawn that is delayed begins at once. */
  | { kind: "reset"; job: string; environment: string[] }
  | { kind: "reset"; job: string; instance: string }
  /** Has an instance count as down from now on. What runs of it goes on by itself, and is nobody's. */
  | { kind: "forget"; job: string; environment: string[] }
  | { kind: "forget"; job: string; instance: string }
  /** Sends the job's reload signal to the main process of an instance (`Instance.Reload`). */
  | { kind: "reload"; job: string; instance: string }
  /** Emits an event; with `wait` the answer comes when all that it set off is up or done. */
  | { kind: "emit"; event: string; environment: string[]; wait: boolean };

/** What has failed, and how. */
export interface RunFailure {
  /** The process that decides. */
  process: InstanceProcess;
  /** How it ended; absent where it could not be run, or something else than its end is the failure. */
  exit?: Exit;
  /** Why, as the end of a sentence that begins with the job; absent where the exit says all. */
  reason?: string;
  /** True where it is not tried again: the limit of respawns is reached. */
  gaveUp?: true;
}

/** A notice of something that happened. */
export type Notice =
  | { kind: "job-added" | "job-removed"; job: string }
  | { kind: "job-changed"; job: string }
  | { kind: "instance-added"; job: string; instance: string }
  /** `exit` is how the instance's last run ended. `endsInit`: its definition says so. */
  | { kind: "instance-removed"; job: string; instance: string; exit: Exit; endsInit?: true }
  | { kind: "goal-changed"; job: string; instance: string; goal: string; cause: Cause }
  | { kind: "state-changed"; job: string; instance: string; state: string }
  | { kind: "spawned"; job: string; instance: string; process: InstanceProcess; pid: number }
  | { kind: "spawn-failed"; job: string; instance: string; process: InstanceProcess; reason: string }
  /** A run has failed, such as by the end of the main process, and the instance is to respawn. */
  | { kind: "respawned"; job: string; instance: string; failure: RunFailure }
  /** `status` is the exit status of the process that failed, its signal times 256, or −1 if it could not be run. */
  | { kind: "failed"; job: string; instance: string; status: number; failure: RunFailure }
  /** The answer of a check has changed, or the reason why it fails. `check`: see CheckReport.use. */
  | { kind: "check-changed"; job: string; instance: string; check: string; passes: boolean; reason?: string }
  | { kind: "event-begun"; event: string; environment: string[]; cause: Cause }
  /** Init has taken the place of an earlier one in its process. */
  | { kind: "restarted" }
  /** The event is over: all that it set off is up or done. */
  | { kind: "event-emitted"; event: string; environment: string[]; failed?: true }
  | {
    kind: "process-ended";
    job: string;
    instance: string;
    process: InstanceProcess;
    pid: number;
    exit: Exit;
  };
