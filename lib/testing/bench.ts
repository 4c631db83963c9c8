/** The test bench: jobs on the engine's simulator, in virtual time, with what a test does to them and asks of them. */

import type { Request } from "../model/requests.ts";
import type { Engine } from "../engine/engine.ts";
import type { CheckPurpose } from "../engine/checks/instance_checks.ts";
import type { CheckAnswer } from "../engine/simulator/simulated_checks.ts";
import type { Behaviour, ProcessEnd, RunningProcess } from "../engine/simulator/simulated_processes.ts";
import { type RequestReply, Simulator } from "../engine/simulator/simulator.ts";
import { displayName } from "../model/display_name.ts";
import { type Duration, milliseconds } from "../model/duration.ts";
import { Environment } from "../model/environment.ts";
import type { InstanceProcess, JobDefinition } from "../model/job.ts";
import { SIGSTOP } from "../model/signals.ts";

/** Variables by name: those of an event or a request, or the environment of a process. */
export type VariableValues = Record<string, string>;

/** Which process of a job is meant. */
export interface ProcessSelector {
  /** The main process is the default. */
  process?: InstanceProcess;
  /** The instance's name; that of a job with a single instance is empty, which is the default. */
  instance?: string;
}

/** Options of a request. */
export interface RequestOptions {
  /** False: the answer comes at once, as with `--no-wait`. */
  wait?: boolean;
}

/** Options of a stop. */
export interface StopOptions extends RequestOptions {
  /** True: whatever runs of the job is killed at once. */
  force?: boolean;
}

/**
 * A bench with jobs. Hooks succeed at once and main processes stay, unless {@link Bench.behave} says otherwise. After
 * each call everything that follows from it has happened, but for what takes time: see {@link Bench.advance}.
 *
 * `Reference` is what stands for a job: its name, or more where `nameOf` knows more.
 */
export class Bench<Reference = string> {
  readonly #simulator: Simulator;
  readonly #nameOf: (job: Reference) => string;

  /**
   * @param jobs The jobs to begin with.
   * @param initEnvironment Init's own environment.
   * @param nameOf The name of the job that is referred to.
   * @param simulator What it works with.
   */
  constructor(
    jobs: JobDefinition[] = [],
    initEnvironment: VariableValues = {},
    nameOf: (job: Reference) => string = String,
    simulator: Simulator = new Simulator(initEnvironment),
  ) {
    this.#simulator = simulator;
    this.#nameOf = nameOf;
    this.define(...jobs);
  }

  /** The engine itself, for its own tests. */
  get engine(): Engine {
    return this.#simulator.engine;
  }

  /** The virtual time, in ms; it begins with 0. */
  get now(): number {
    return this.#simulator.now;
  }

  /** All that happened, one line each: states, goals, failures, events, processes, signals. */
  get trace(): string[] {
    return this.#simulator.trace;
  }

  /**
   * The messages in init's log, such as `web main process (1001) terminated with status 1`: those of `--verbose`, too, as
   * the bench knows of no priority.
   */
  get log(): string[] {
    return this.#simulator.log;
  }

  /** The processes that run, by their numbers. */
  get running(): ReadonlyMap<number, RunningProcess> {
    return this.#simulator.running;
  }

  /** Adds jobs, or changes the definitions of those that are there, as when their files are written. */
  define(...jobs: JobDefinition[]): void {
    this.#simulator.handle({
      kind: "definitions",
      changes: jobs.map((definition) => ({ name: definition.name, definition })),
    });
  }

  /** Removes jobs, as when their files are deleted. */
  remove(...jobs: Reference[]): void {
    const changes = jobs.map((job) => ({ name: this.#nameOf(job), definition: undefined }));
    this.#simulator.handle({ kind: "definitions", changes });
  }

  /**
   * Sets what a process does from its next run on. Of several behaviours each is for one run, the last for all others:
   * `behave("web", "main", { status: 1 }, "stays")` ends once and then stays.
   */
  behave(job: Reference, process: InstanceProcess, ...behaviours: Behaviour[]): void {
    this.#simulator.behave(this.#nameOf(job), process, behaviours);
  }

  /**
   * Sets what a job's checks say: those for `ready`, from now on, or in its present run those for `alive` or for the
   * `memory` that it uses (in its next run, when it is not up). They pass unless a test says otherwise.
   */
  answer(job: Reference, use: CheckPurpose, answer: CheckAnswer): void {
    this.#simulator.answer(this.#nameOf(job), use, answer);
  }

  /** A job says itself that it is ready, as with `ready: notify`. */
  ready(job: Reference, instance = ""): void {
    this.#simulator.handle({ kind: "ready", job: this.#nameOf(job), instance });
  }

  /**
   * Has each main process of a job leave so many others behind when it ends, which `killMode: "group"` ends. `stubborn`:
   * they end by SIGKILL alone.
   */
  leave(job: Reference, count: number, { stubborn = false }: { stubborn?: boolean } = {}): void {
    this.#simulator.leave(this.#nameOf(job), count, stubborn);
  }

  /** Starts a job as `start JOB KEY=VALUE…` does. */
  start(job: Reference, variables: VariableValues = {}, options: RequestOptions = {}): RequestReply {
    return this.request({ kind: "start", job: this.#nameOf(job), ...requested(variables, options) });
  }

  /** Stops a job as `stop JOB KEY=VALUE…` does; with `force` as `stop --force`. */
  stop(job: Reference, variables: VariableValues = {}, options: StopOptions = {}): RequestReply {
    const { force = false } = options;
    return this.request({ kind: "stop", job: this.#nameOf(job), ...requested(variables, options), force });
  }

  /** Forgets the failures of a job as `initctl reset JOB KEY=VALUE…` does. */
  reset(job: Reference, variables: VariableValues = {}): RequestReply {
    return this.request({ kind: "reset", job: this.#nameOf(job), environment: pairsOf(variables) });
  }

  /** Restarts a job as `restart JOB KEY=VALUE…` does. */
  restart(job: Reference, variables: VariableValues = {}, options: RequestOptions = {}): RequestReply {
    return this.request({ kind: "restart", job: this.#nameOf(job), ...requested(variables, options) });
  }

  /**
   * Makes the request of a command without arguments in a process of the job. `stop` in a pre-start and `start` in a
   * pre-stop are what `cancel()` does in functions.
   */
  fromWithin(kind: "start" | "stop" | "restart", job: Reference, instance = ""): RequestReply {
    return this.request({ kind, job: this.#nameOf(job), instance, wait: false });
  }

  /** Emits an event as `initctl emit EVENT KEY=VALUE…` does. */
  emit(event: string, variables: VariableValues = {}, options: RequestOptions = {}): RequestReply {
    return this.request({ kind: "emit", event, ...requested(variables, options) });
  }

  /** Makes any request, as it is. */
  request(what: Request): RequestReply {
    return this.#simulator.request(what);
  }

  /** Emits an event of init's own, such as `startup`. */
  event(event: string, variables: VariableValues = {}): void {
    this.#simulator.handle({ kind: "event", event, environment: pairsOf(variables) });
  }

  /** Stops all jobs, as when init is told to end: at once, or in the order that their dependencies and conditions imply. */
  stopAll(inOrder = false): void {
    this.#simulator.handle({ kind: "stop-all", inOrder });
  }

  /**
   * Ends a process.
   * @throws {Error} when it does not run.
   */
  exit(job: Reference, end: ProcessEnd = { status: 0 }, which: ProcessSelector = {}): void {
    this.#simulator.exit(this.pid(job, which), end);
  }

  /**
   * A process forks and ends, as a daemon does, or by another end. The child runs in its place where the engine tracks forks
   * (`expect`).
   * @returns The child's number.
   * @throws {Error} when the process does not run.
   */
  fork(job: Reference, which: ProcessSelector = {}, end: ProcessEnd = { status: 0 }): number {
    return this.#simulator.fork(this.pid(job, which), end);
  }

  /**
   * A process stops itself, as one does that is ready and whose job says `expect stop`.
   * @throws {Error} when the process does not run.
   */
  raise(job: Reference, signal: number = SIGSTOP, which: ProcessSelector = {}): void {
    this.#simulator.handle({ kind: "stopped", pid: this.pid(job, which), signal });
  }

  /** Saves the engine, and goes on with the one that is restored, as init does when it replaces itself. */
  restore(): void {
    this.#simulator.restore();
  }

  /** Lets time go by. All that happens meanwhile happens in its order. */
  advance(duration: Duration): void {
    this.#simulator.advance(milliseconds(duration));
  }

  /** `GOAL/STATE` as `status` shows it, e.g. `start/running`; `stop/waiting` for what does not exist. */
  state(job: Reference, instance = ""): string {
    const found = this.#instance(job, instance);
    return found ? `${found.goal}/${found.state}` : "stop/waiting";
  }

  /** What `status` notes on a job, e.g. `waits for database`, or `respawns in 0.2 s, after 2 failures`; empty when there is nothing to say. */
  note(job: Reference, instance = ""): string {
    return this.#instance(job, instance)?.note(this.now) ?? "";
  }

  /** The names of the instances that a job has at present. */
  instances(job: Reference): string[] {
    return [...this.engine.jobs.get(this.#nameOf(job))?.instances.keys() ?? []];
  }

  /**
   * The number of a running process.
   * @throws {Error} when it does not run.
   */
  pid(job: Reference, { process = "main", instance = "" }: ProcessSelector = {}): number {
    const pid = this.#instance(job, instance)?.pids.get(process);
    if (pid === undefined) {
      throw new Error(`${displayName(this.#nameOf(job), instance)} has no ${process} process that runs`);
    }
    return pid;
  }

  /** True while the process runs. */
  runs(job: Reference, { process = "main", instance = "" }: ProcessSelector = {}): boolean {
    return this.#instance(job, instance)?.pids.has(process) ?? false;
  }

  /** The environment with which a job's process was last spawned; empty when it never was. */
  environment(job: Reference, process: InstanceProcess = "main"): VariableValues {
    return this.#simulator.environment(this.#nameOf(job), process);
  }

  /** The lines of the trace that match a pattern. */
  traced(pattern: RegExp): string[] {
    return this.trace.filter((line) => pattern.test(line));
  }

  /** The states that a job's instances have been in, without their goals: `starting`, …, `running`. */
  states(job: Reference): string[] {
    const name = this.#nameOf(job);
    return this.traced(/ -> /)
      .filter((line) => line.startsWith(`${name} -> `) || line.startsWith(`${name} (`))
      .map((line) => line.replace(/^.*-> /, ""));
  }

  /** The events that are finished, as `NAME KEY=VALUE …`: all, or those with this name or whose name matches. */
  events(name: string | RegExp = /^/): string[] {
    const wanted = (event: string) => typeof name === "string" ? event === name : name.test(event);
    return this.traced(/^event /)
      .map((line) => line.slice("event ".length))
      .filter((line) => wanted(line.split(" ")[0]!));
  }

  /** How many timers are set. */
  get timers(): number {
    return this.#simulator.timers;
  }

  #instance(job: Reference, instance: string) {
    return this.engine.jobs.get(this.#nameOf(job))?.instances.get(instance);
  }
}

function pairsOf(variables: VariableValues): string[] {
  return new Environment(Object.entries(variables)).pairs();
}

function requested(
  variables: VariableValues,
  { wait = true }: RequestOptions,
): { environment: string[]; wait: boolean } {
  return { environment: pairsOf(variables), wait };
}
