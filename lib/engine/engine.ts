/**
 * The engine: Upstart's model of jobs and events as a pure state machine. It does nothing by itself; whatever
 * happens is told to {@link Engine.handle}, which returns what is to be done.
 */

import { Environment, environment } from "../model/environment.ts";
import { RequestFailure } from "../model/failure.ts";
import type { InstanceProcess } from "../model/job.ts";
import type { Effect, Input, Telling } from "./effects.ts";
import { JobEnvironments } from "./environments.ts";
import { runEvents } from "./events.ts";
import type { Job } from "./job.ts";
import { changeDefinition } from "./jobs.ts";
import { Machine } from "./machine.ts";
import {
  follows,
  processEnded,
  processSpawned,
  processStopped,
  spawnFailed,
  spawnSkipped,
  timeOut,
} from "./processes.ts";
import { doRequest, findJob, instanceName } from "./requests.ts";
import { stopAll, stopInOrder, stopNext } from "./shutdown.ts";
import { type Snapshot, takeSnapshot } from "./snapshot.ts";

/** Names and values. */
type Variables = Iterable<readonly [name: string, value: string]>;

/** An engine without jobs, to which everything is told by {@link Engine.handle}. */
export class Engine {
  readonly #machine: Machine;
  /** The tables of variables that `set-env` and its kin work on. */
  readonly environments: JobEnvironments;

  /**
   * @param defaults What every job's environment begins with.
   * @param initEnvironment Init's own environment, from which a bare `env KEY` takes its value.
   */
  constructor(defaults: Variables = [], initEnvironment: Variables = []) {
    this.#machine = new Machine(new Environment(defaults), new Environment(initEnvironment));
    this.environments = new JobEnvironments(this.#machine, new Environment(defaults));
  }

  /** Leaves out of the effects what nobody wants to know: most of them only tell how things go. */
  set unwanted(unwanted: ReadonlySet<Telling>) {
    this.#machine.unwanted = unwanted;
  }

  /** All jobs by name. */
  get jobs(): ReadonlyMap<string, Job> {
    return this.#machine.jobs;
  }

  /**
   * Takes in what has happened, and returns what is to be done, in order.
   *
   * @param now The time in ms, from any origin, never going back.
   */
  handle(input: Input, now: number): Effect[] {
    const machine = this.#machine;
    machine.now = now;
    machine.asked = 0;
    const handle = HANDLERS[input.kind] as (machine: Machine, input: Input) => void;
    handle(machine, input);
    do {
      runEvents(machine);
    } while (stopNext(machine));
    const effects = machine.effects;
    machine.effects = [];
    return effects;
  }

  /**
   * The name of the instance that `KEY=VALUE` strings give.
   *
   * @throws {RequestFailure} UnknownJob, InvalidArgs
   */
  instanceName(job: string, given: string[]): string {
    return instanceName(this.#machine, findJob(this.#machine, job), given, true);
  }

  /**
   * True when the end of this process should come with its successor, if it has one.
   *
   * @param now As for {@link Engine.handle}.
   */
  follows(pid: number, now: number): boolean {
    const process = this.#machine.processes.get(pid);
    return process?.name === "main" && follows(process.instance, now);
  }

  /** The job and instance that a running process belongs to, and which of its processes it is. */
  ownerOf(pid: number): { job: string; instance: string; process: InstanceProcess } | undefined {
    const process = this.#machine.processes.get(pid);
    return process &&
      { job: process.instance.job.name, instance: process.instance.name, process: process.name };
  }

  /** True when any job's start condition could take this event. */
  awaitsEvent(name: string): boolean {
    for (const owner of this.#machine.listeners.owners(name)) if ("job" in owner) return true;
    return false;
  }

  /** True while any process of a job runs, or is being spawned. */
  get hasProcesses(): boolean {
    return this.#machine.processes.size > 0 || this.#machine.spawns.size > 0;
  }

  /** True from when all jobs are to stop for good (`stop-all`). */
  get stopping(): boolean {
    return this.#machine.stopping;
  }

  /** The whole state as plain data, nothing of which is shared with the engine but the definitions. */
  snapshot(): Snapshot {
    return takeSnapshot(this.#machine);
  }
}

type Handlers = { [Kind in Input["kind"]]: (machine: Machine, input: Input & { kind: Kind }) => void };

const HANDLERS: Handlers = {
  "definitions": (machine, { changes }) => changes.forEach((change) => changeDefinition(machine, change)),

  "request"(machine, { request, what }) {
    try {
      doRequest(machine, request, what);
    } catch (error) {
      if (!(error instanceof RequestFailure)) throw error;
      const { failure: name, message } = error;
      machine.effect({ kind: "answer", request, instance: "", error: { name, message } });
    }
  },

  "event": (machine, { event, environment: variables }) => void machine.emit(event, environment(variables)),

  "spawned"(machine, { spawn, pid }) {
    const process = machine.spawns.get(spawn);
    if (!machine.spawns.delete(spawn) || !process) return;
    processSpawned(machine, process.instance, process.name, pid);
  },

  "spawn-failed"(machine, { spawn, reason, status }) {
    const process = machine.spawns.get(spawn);
    if (!machine.spawns.delete(spawn) || !process) return;
    spawnFailed(machine, process.instance, process.name, reason, status);
  },

  "spawn-skipped"(machine, { spawn }) {
    const process = machine.spawns.get(spawn);
    if (machine.spawns.delete(spawn) && process) spawnSkipped(machine, process.instance);
  },

  "exited"(machine, { pid, exit, successor }) {
    const process = machine.processes.get(pid);
    if (process) processEnded(machine, process.instance, process.name, exit, successor);
  },

  "stopped"(machine, { pid, signal }) {
    const process = machine.processes.get(pid);
    if (process) processStopped(machine, process.instance, process.name, signal);
  },

  "timer"(machine, { timer }) {
    if (machine.resumes(timer)) return;
    const instance = machine.timers.get(timer);
    if (machine.timers.delete(timer) && instance) timeOut(machine, instance);
  },

  "stop-all": (machine, { inOrder }) => inOrder ? stopInOrder(machine) : stopAll(machine),
};
