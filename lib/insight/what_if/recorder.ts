/** The steps of a rehearsal: what its effects mean for people. */

import type { Effect, EngineNotice } from "../../engine/effects.ts";
import type { Engine } from "../../engine/engine.ts";
import { reasonOf } from "../../engine/dependencies/reasons.ts";
import type { Instance } from "../../engine/instance.ts";
import type { LoadedJob } from "../../engine/loaded_job.ts";
import { JOB_EVENTS } from "../../model/condition.ts";
import { displayName } from "../../model/display_name.ts";
import type { Environment } from "../../model/environment.ts";
import { printable } from "../../model/text/printable.ts";
import { named } from "../why/words.ts";
import type { StepKind, TrialStep } from "./outcome.ts";

/** More steps than this are not kept. */
const MOST_STEPS = 5000;

/** A job that starts so often goes on without end. */
const MOST_STARTS = 20;

/** Records steps. */
export class Recorder {
  readonly steps: TrialStep[] = [];
  /** The jobs that start again and again. */
  readonly endless = new Set<string>();
  readonly #instances = new Map<string, Instance>();
  readonly #starts = new Map<string, number>();

  /** @param engine The engine, and @param now the virtual time (ms), at the moment. */
  constructor(private readonly engine: () => Engine, private readonly now: () => number) {}

  /** True when there are too many steps to go on. */
  get isFull(): boolean {
    return this.steps.length >= MOST_STEPS || this.endless.size > 0;
  }

  /** To be called before the first effects: instances that are there may go in the course of one input. */
  begin(): void {
    for (const { name: job, instances } of this.engine().jobs.values()) {
      for (const instance of instances.keys()) this.#instance(job, instance);
    }
  }

  record(effects: readonly Effect[]): void {
    for (const effect of effects) {
      if (effect.kind === "notice") this.#notice(effect.notice);
      else if (effect.kind === "log" && effect.priority === "warn") this.#message(effect.message);
    }
  }

  /** Messages about the ends of processes have made-up numbers, and what follows from these is told by other steps. */
  #message(message: string): void {
    if (!/ process \(\d+\)/.test(message)) this.#add("message", message);
  }

  #notice(notice: EngineNotice): void {
    if (notice.kind === "state-changed") return this.#state(notice.job, notice.instance, notice.state);
    if (notice.kind === "goal-changed" && notice.goal === "stop") {
      return this.#stop(notice.job, notice.instance);
    }
    if (notice.kind === "failed") this.#failure(notice.job, notice.instance);
  }

  #state(job: string, instance: string, state: string): void {
    const name = displayName(job, instance), isTask = this.#job(job)?.definition.task ?? false;
    const add = (kind: StepKind, text: string) => this.#add(kind, `${name} ${text}`, job, instance);
    switch (state) {
      case "starting":
        this.#countStart(name);
        return add("starts", `starts${this.#whyStarted(job, instance)}`);
      case "running":
        return isTask ? add("at-work", "is at work") : add("up", "is up");
      case "waiting": {
        const { isDone } = this.#instance(job, instance) ?? { isDone: false };
        this.#instances.delete(name);
        return isTask && isDone ? add("done", "is done") : add("down", "is down");
      }
    }
  }

  #countStart(name: string): void {
    const count = (this.#starts.get(name) ?? 0) + 1;
    this.#starts.set(name, count);
    if (count > MOST_STARTS) this.endless.add(name);
  }

  #stop(job: string, instance: string): void {
    const found = this.#instance(job, instance);
    // A task that has done its work stops by itself.
    if (found?.isDone) return;
    const by = found?.stopEnvironment && eventsIn(found.stopEnvironment, "UPSTART_STOP_EVENTS");
    this.#add("stops", `${displayName(job, instance)} stops${by ? `, by ${by}` : ""}`, job, instance);
  }

  #failure(job: string, instance: string): void {
    const failure = this.#instance(job, instance)?.failure;
    const reason = failure && reasonOf(failure), why = reason === undefined ? "" : `: ${reason}`;
    // The message said the same.
    const last = this.steps.at(-1);
    if (reason !== undefined && last?.kind === "message" && last.text.startsWith(reason)) this.steps.pop();
    this.#add("fails", `${displayName(job, instance)} fails${why}`, job, instance);
  }

  #whyStarted(job: string, name: string): string {
    const instance = this.#instance(job, name);
    const events = instance && eventsIn(instance.environment, "UPSTART_EVENTS");
    if (events) return `, by ${events}`;
    const before = instance?.cause.previous?.job.name;
    return before === undefined ? "" : `, because of ${before}`;
  }

  #job(name: string): LoadedJob | undefined {
    return this.engine().jobs.get(name);
  }

  /** An instance, also one that has gone in the course of the same input. */
  #instance(job: string, instance: string): Instance | undefined {
    const name = displayName(job, instance);
    const found = this.#job(job)?.instances.get(instance) ?? this.#instances.get(name);
    if (found) this.#instances.set(name, found);
    return found;
  }

  #add(kind: StepKind, text: string, job?: string, instance?: string): void {
    if (this.steps.length >= MOST_STEPS) return;
    this.steps.push({
      kind,
      after: this.now(),
      text: printable(text),
      ...(job !== undefined && { job }),
      ...(instance !== undefined && { instance }),
    });
  }
}

/** The events that have started or stopped an instance, by their names; of a job's event, with its job. */
function eventsIn(environment: Environment, variable: string): string | undefined {
  const names = environment.get(variable)?.split(" ");
  if (!names) return undefined;
  const job = names.filter((name) => JOB_EVENTS.includes(name)).length === 1 && environment.get("JOB");
  return named(names.map((name) => job && JOB_EVENTS.includes(name) ? `${name} ${job}` : name));
}
