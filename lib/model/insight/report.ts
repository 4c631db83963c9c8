/** What init tells of a job when someone wants to know everything: plain JSON, for `status`, `list`, `why` and programs. */

import type { Cause, RunResult } from "./journal.ts";

/** A process of an instance. */
interface ProcessReport {
  /** `main`, or a hook's name. */
  name: string;
  pid: number;
  /** When it was spawned, ms since 1970; absent where init does not know it. */
  since?: number;
}

/** A check of an instance, and its last answer. */
export interface CheckReport {
  /** What it decides: `ready`, `health`, `watchdog`, `memory`. */
  use: string;
  /** How it is made, as the definition has it: `http`, `tcp`, `exec`, `log`, `notify`, …; of memory `memory`. */
  kind: string;
  /** What is looked at, e.g. `http://127.0.0.1:8080/healthz`; for users other than root and init's own only the kind. */
  what: string;
  /** Undefined until it was made. */
  passes?: boolean;
  /** Why it fails. */
  reason?: string;
  /** When that changed last, ms since 1970. */
  since?: number;
}

/** A timer of an instance. */
export interface TimerReport {
  /** What happens then, e.g. `kill`, `respawn`, `start-timeout`. */
  purpose: string;
  /** When, ms since 1970. */
  at: number;
}

/** An instance that is there, or the last run of one that is gone. */
export interface InstanceReport {
  name: string;
  goal: string;
  state: string;
  /** Since when it is in this state (ms since 1970). */
  since?: number;
  /** What `status` remarks. */
  note?: string;
  processes: ProcessReport[];
  /** The last change of the goal to start, and to stop. */
  started?: { at: number; cause: Cause };
  stopped?: { at: number; cause: Cause };
  /** How the last run ended that has ended. */
  last?: RunResult;
  /** How often it was respawned since it was last started by an event or a request. */
  restarts: number;
  timers: TimerReport[];
  checks: CheckReport[];
  /** What it has told of itself (`STATUS=`). */
  told?: string;
  /** The file that its output goes to, where it does. */
  log?: string;
  /** What holds it now, each in a few words. */
  waitsFor: string[];
}

/** A job. */
export interface JobReport {
  name: string;
  description?: string;
  /** The file that defines it, or `compiled-in`. */
  source: string;
  /** The file that overrides what that says. */
  override?: string;
  semantics: string;
  isTask: boolean;
  /** True where its file is not any more what it was when the definition in force was read. */
  isChanged: boolean;
  /** True where its file is gone, so that it is forgotten once it is stopped. */
  isGone?: true;
  /** What is wrong with its file while the last good definition is in force; only for those who may read the file. */
  problem?: string;
  /** A remark where no instance is there. */
  remark?: string;
  /** True where it is a task that has done its work with success. */
  isCompleted: boolean;
  /** The limits of the definition, e.g. `nofile` to `65536`. */
  limits: Record<string, string>;
  respawnLimit?: { count: number; interval: number };
  /** The file that the output goes to of its instance without a name, where it does. */
  log?: string;
  /** Which log of it cannot be written, and why, where one cannot. */
  logProblem?: string;
  instances: InstanceReport[];
  /** The last runs of instances that are gone, the newest first, and of each name one. */
  past: InstanceReport[];
}

/** The answer to Describe. */
export interface Report {
  /** By the clock of init, ms since 1970. */
  now: number;
  /** When init began. */
  since: number;
  /** In the order of their names. */
  jobs: JobReport[];
  /** Where there are more jobs than fit into one answer: the name to go on after. */
  next?: string;
  /** Files that define no job because of a problem: what was wrong, by the name that the job would have. */
  broken: Array<{ job: string; problem: string }>;
}
