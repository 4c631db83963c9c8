/** What a hook function is given. */

import type { Shell } from "zx/core";

/** Variables that init sets for every process, or for some (init(5), "Environment"). */
export type StandardVariable =
  | "PATH"
  | "TERM"
  | "HOME"
  | "USER"
  | "UPSTART_JOB"
  | "UPSTART_INSTANCE"
  | "UPSTART_EVENTS"
  | "UPSTART_STOP_EVENTS"
  | "UPSTART_SESSION"
  | "RESULT"
  | "PROCESS"
  | "EXIT_STATUS"
  | "EXIT_SIGNAL";

/** A process's environment: variables that are there for certain, and others that may be. */
export type HookEnvironment<Known extends string, Possible extends string> =
  & { readonly [Name in Known]: string }
  & { readonly [Name in Exclude<Possible | StandardVariable, Known>]?: string };

/** What a function of a job gets. It runs in a process of its own with the job's user, limits and environment. */
export interface HookContext<Known extends string = never, Possible extends string = string> {
  /**
   * zx's `$`: runs a command by `/bin/sh -e` in the job's environment; arguments in `${…}` are quoted. A
   * command that fails throws. Loaded when it is first used.
   */
  readonly $: Shell;
  /** The environment: what the job's `env` and `instance` name is there, variables of events may be. */
  readonly env: HookEnvironment<Known, Possible>;
  /** The job's name. */
  readonly job: string;
  /** The instance's name; empty for a job with a single instance. */
  readonly instance: string;
  /** The names of the events that started the job, or in `preStop` and `postStop` those that stopped it. */
  readonly events: readonly string[];
  /** Aborted when init tells the process to end. One that never reads it simply dies of the signal. */
  readonly signal: AbortSignal;
  /** Writes a line to standard output, which is the job's log. Objects are shown as console.log does. */
  log(...values: unknown[]): void;
  /**
   * Emits an event; resolves when all that it set off is up or done, with `wait: false` at once. Rejects when
   * init refuses or a job that was set off fails.
   */
  emit(
    event: string,
    variables?: Readonly<Record<string, string | number>>,
    options?: { wait?: boolean },
  ): Promise<void>;
  /** In `preStart`: gives up starting (as `stop` does there). In `preStop`: goes on running (as `start` does there). */
  cancel(): Promise<void>;
  /** In the main process of a job with `expect: "stop"`: tells init that the job is up. */
  ready(): void;
}
