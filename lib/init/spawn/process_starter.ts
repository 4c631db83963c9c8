/** The starter of processes: starts those that the engine asks for, with retries, and passes the outcome to the engine. */

import type { Effect, Input } from "../../engine/effects.ts";
import { SIGKILL } from "../../model/signals.ts";
import type { InitContext } from "../init_context.ts";
import { processEnvironment } from "../host/job_environment.ts";
import type { Part } from "../parts/part.ts";
import type { ServiceReports } from "../notify/service_reports.ts";
import type { ProcessOutput } from "../logs/process_output.ts";
import { INTERNAL_ERROR, type StartOutcome, startProcess } from "./process_start.ts";
import type { ProcessContext } from "./process_description.ts";
import { signalProcess } from "./signalling.ts";

type Spawn = Effect & { kind: "spawn" };

/** How many attempts are made to start a process while descriptors, memory or processes are short, and the pause in ms. */
const SPAWN_ATTEMPTS = 50, SPAWN_PAUSE = 200;

/** A start that is to be tried again after a delay in ms. */
interface Retry {
  effect: Spawn;
  /** The number of the next attempt. */
  attempt: number;
  delay: number;
}

/** What is saved of {@link ProcessStarter}: the starts that are tried again, and those without an outcome. */
export type SavedStarts = Retry[];

/** Starts processes for the engine. */
export class ProcessStarter implements Part<SavedStarts> {
  readonly #retries = new Map<Spawn, { attempt: number; at: number; timer: ReturnType<typeof setTimeout> }>();
  readonly #processes: ProcessContext;
  /** Called with the main process of a directed job before it does anything. */
  onFork: (job: string, pid: number) => void = () => {};
  /** The starts that have no outcome yet, with the numbers of their attempts. */
  readonly #open = new Map<Spawn, number>();

  /**
   * @param handle Passes an input to the engine.
   * @param reports What processes are given to tell of themselves.
   * @param onStarted Called with each process that runs, before the engine learns of it.
   */
  constructor(
    private readonly context: Pick<InitContext, "messages" | "processes" | "session">,
    private readonly handle: (input: Input) => void,
    private readonly onStarted: (pid: number, output: ProcessOutput) => void,
    reports?: Pick<ServiceReports, "prepare">,
  ) {
    this.#processes = { ...context.processes, ...(reports && { reports }) };
  }

  /** Starts a process. While descriptors, memory or processes are short, it is tried again for some time. */
  start(effect: Spawn, attempt = 1): void {
    this.#open.set(effect, attempt);
    const { definition, instance, process, environment } = effect;
    const session = this.context.session();
    const { name: job, directed } = definition;
    const variables = processEnvironment(environment, { job, instance, session, directed });
    const onFault = (error: unknown) => this.context.messages.fault("the start of a process", error);
    const forked = (pid: number) => {
      this.context.messages.attempt("the record of a start", () => this.onFork(job, pid));
    };
    startProcess(
      { definition, instance, process, environment: variables },
      this.#processes,
      (outcome) => this.#finished(outcome, effect, attempt),
      onFault,
      directed && process === "main" ? forked : undefined,
    );
  }

  /** What has no outcome yet is started anew. Its children have to be ended before: see {@link SpawnQueue.abandon}. */
  save(): SavedStarts {
    const now = performance.now();
    const open = Array.from(this.#open, ([effect, attempt]) => ({ effect, attempt, delay: 0 }));
    const retries = Array.from(this.#retries, ([effect, { attempt, at }]) => (
      { effect, attempt, delay: Math.max(0, at - now) }
    ));
    return [...open, ...retries];
  }

  restore(saved: SavedStarts): void {
    for (const { effect, attempt, delay } of saved) this.#retry(effect, attempt, delay);
  }

  /** Starts anew what has no outcome and never will. */
  startAgain(): void {
    for (const [effect, attempt] of [...this.#open]) this.start(effect, attempt);
  }

  /** Tries nothing again. */
  close(): void {
    for (const { timer } of this.#retries.values()) clearTimeout(timer);
    this.#retries.clear();
  }

  #retry(effect: Spawn, attempt: number, delay: number): void {
    const timer = setTimeout(() => {
      this.#retries.delete(effect);
      this.start(effect, attempt);
    }, delay);
    this.#retries.set(effect, { attempt, at: performance.now() + delay, timer });
  }

  #finished(outcome: StartOutcome, effect: Spawn, attempt: number): void {
    this.#open.delete(effect);
    const { spawn, definition, process } = effect;
    if ("skipped" in outcome) return this.handle({ kind: "spawn-skipped", spawn });
    if ("reason" in outcome) {
      const { isTemporary, ...failure } = outcome;
      if (!isTemporary || attempt >= SPAWN_ATTEMPTS) {
        return this.handle({ kind: "spawn-failed", spawn, ...failure });
      }
      if (attempt === 1) {
        const what = `Failed to spawn ${definition.name} ${process} process for now, trying again`;
        this.context.messages.log("warn", `${what}: ${failure.reason}`);
      }
      return this.#retry(effect, attempt + 1, SPAWN_PAUSE);
    }
    const { pid, output } = outcome;
    this.onStarted(pid, output);
    try {
      this.handle({ kind: "spawned", spawn, pid });
    } catch (error) {
      // The engine must know of every process that runs, and no job may wait for one for ever.
      signalProcess(pid, SIGKILL, false, this.context.messages);
      this.context.messages.fault("the follow-up of a start", error);
      this.handle({ kind: "spawn-failed", spawn, reason: INTERNAL_ERROR });
    }
  }
}
