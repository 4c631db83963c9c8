/** The interface between the running init and the program that runs it. */

import type { Messages } from "./logs/messages.ts";
import type { ProcessContext } from "./spawn/process_description.ts";
import type { Input } from "../engine/effects.ts";
import type { RunningMain } from "../engine/services/adoption.ts";
import type { ConfigurationSource } from "../config/known_files.ts";

/** The parts and functions that the running init is given. */
export interface InitContext {
  messages: Messages;
  processes: ProcessContext;
  /** The command that runs the program `checks` of this executable. */
  checksCommand: readonly string[];
  /** Those that run `tidy-logs` and `ship-logs`. */
  logCommands: { tidy: readonly string[]; ship: readonly string[] };
  /** The address that jobs get as `UPSTART_SESSION`. Undefined where clients find init without it. */
  session(): string | undefined;
  /** True where init scripts are jobs. */
  hasScripts: boolean;
  /** True when init is a user's. */
  isSession: boolean;
  /** True when init exits with the runlevels 0 and 6. */
  endsWithRunlevel: boolean;
  /** Resolves when the jobs are loaded and the boot has begun, or that takes long. Undefined from then on. */
  loaded(): Promise<void> | undefined;
  reloadConfiguration(): Promise<void>;
  /** The problem of a job's file, while the last good definition is in force. */
  problem(job: string): string | undefined;
  /** The file that overrides what a job's own file says. */
  overrideOf(job: string): string | undefined;
  /** The problems of the configuration; `isMissed` when a job is missing because of one. */
  problems(): Array<{ problem: string; isMissed: boolean }>;
  /** The jobs that are missing because of a problem of their file, with that. */
  brokenJobs(): Array<{ job: string; problem: string }>;
  configurationSources(): ConfigurationSource[];
  endSession(): void;
  /** See `Supervisor`. */
  restart(executable?: string): Promise<void>;
  /** How often init was replaced in place. */
  restarts(): number;
  /** True while a restart is under way. */
  restarting(): boolean;
  /** How often it was for an internal error. */
  crashes(): number;
  /** Takes up an internal error: see `Recovery`. */
  crashed(where: string, error: unknown, input?: Input): void;
  /** Told of each main process as it becomes one. Absent where nobody has to know. */
  onMain?: ((main: RunningMain) => void) | undefined;
  /** Called when a process has exited and no job has one any more. */
  onIdle(): void;
}
