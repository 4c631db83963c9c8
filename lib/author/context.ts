/** The context of a hook function: what init gives it as its argument. */

import type { Shell } from "zx/core";

/** Variables that init sets for every process, or for some (init(5), "Environment"). Those of events are not among them. */
export type StandardVariable =
  | "PATH"
  | "TERM"
  | "HOME"
  | "USER"
  | "UPSTART_JOB"
  | "UPSTART_INSTANCE"
  | "UPSTART_EVENTS"
  | "UPSTART_STOP_EVENTS"
  | "UPSTART_SESSION";

/** A process's environment: variables that are always set, and variables that may be set. */
export type HookEnvironment<Known extends string, Possible extends string> =
  & { readonly [Name in Known]: string }
  & { readonly [Name in Exclude<Possible | StandardVariable, Known>]?: string };

/** The argument of a job's function, which runs in a process of its own with the job's user, limits and environment. */
export interface HookContext<Known extends string = never, Possible extends string = string> {
  /**
   * zx's `$`: runs a command by `/bin/sh -e` in the job's environment. Arguments in `${…}` are quoted. A command that
   * fails throws. zx is loaded at the first use.
   */
  readonly $: Shell;
  /** The environment. Variables in the job's `env` and `instance` are always set, those of events may be. */
  readonly env: HookEnvironment<Known, Possible>;
  /** The job's name. */
  readonly job: string;
  /** The instance's name; empty for a job with a single instance. */
  readonly instance: string;
  /** The names of the events that started the job, or in `preStop` and `postStop` those that stopped it. */
  readonly events: readonly string[];
  /** Aborted when init tells the process to end. A function that never reads this dies of the signal instead. */
  readonly signal: AbortSignal;
  /** Writes a line to standard output, which is the job's log. Objects are formatted as by `console.log`. */
  log(...values: unknown[]): void;
  /**
   * Emits an event. Resolves when the services that it starts are up, the tasks that it starts are done and the jobs that
   * it stops are down, or at once with `wait: false`.
   * @throws {Error} when init refuses, or one of these jobs fails.
   */
  emit(
    event: string,
    variables?: Readonly<Record<string, string | number>>,
    options?: { wait?: boolean },
  ): Promise<void>;
  /**
   * In `preStart`: stops the job instead of starting it. In `preStop`: keeps the job running.
   * @throws {Error} in any other function.
   */
  cancel(): Promise<void>;
  /**
   * In `main` of a job with `expect: "stop"`: tells init that the job is up.
   * @throws {Error} in any other function.
   */
  ready(): void;
}
