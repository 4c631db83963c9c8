/** The running init: what clients and its other parts know of it and may ask for. */

import { ControlError, type LogPriority, type Peer, type Supervisor } from "../control/supervisor.ts";
import type { Asker } from "../model/insight/journal.ts";
import type { Notice, Request } from "../model/requests.ts";
import type { RunningMain } from "../engine/services/adoption.ts";
import type { LoadedJob } from "../engine/loaded_job.ts";
import type { EngineView } from "../engine/snapshot/engine_view.ts";
import { RC_EVENTS } from "../model/init_events.ts";
import { RequestFailure } from "../model/failure.ts";
import { SCRIPTS_VERSION_LINE, VERSION_LINE } from "../model/version.ts";
import { EngineLoop, timeNow } from "./engine_loop.ts";
import type { JobDefinition } from "../model/job.ts";
import { askerOf } from "./journal/asker.ts";
import type { LogLosses } from "./logs/files/log_store.ts";
import { remarkOn } from "./spawn/pid_files.ts";
import { signalProcess } from "./spawn/signalling.ts";
import { ScriptLevels } from "./sysv/script_levels.ts";
import type { Part } from "./parts/part.ts";
import type { SavedInit } from "./saved_program.ts";
import { type UpstartState, upstartState } from "./upstart_state.ts";

/** How long {@link RunningInit.settled} waits at most, in ms. */
const START_WAIT = 20;

/** Who says when the directed jobs start: the lines of inittab are such. */
interface Director {
  /** Told of a job's main process before that does anything. */
  forked(job: string, pid: number): void;
  /** A remark on a job that has no process; empty when there is none. */
  remark(job: string): string;
}

/** The running init, for clients and for init's other parts. */
export class RunningInit extends EngineLoop implements Supervisor, Part<SavedInit> {
  /** The clients that have asked for something, as the journal tells of them. */
  readonly #askers = new WeakMap<Peer, Asker>();
  protected readonly levels = new ScriptLevels(this);
  #director: Director | undefined;

  get version(): string {
    return this.context.hasScripts ? SCRIPTS_VERSION_LINE : VERSION_LINE;
  }

  /** All jobs by name. */
  get jobTable(): ReadonlyMap<string, LoadedJob> {
    return this.engine.jobs;
  }

  /** True when a start condition mentions the event. */
  awaitsEvent(name: string): boolean {
    return this.engine.awaitsEvent(name);
  }

  /** True for a process of an instance. */
  owns(pid: number): boolean {
    return this.engine.ownerOf(pid) !== undefined;
  }

  /** The main processes of all instances that are not about to stop. */
  running(): RunningMain[] {
    const instances = Array.from(this.engine.jobs.values(), ({ instances }) => [...instances.values()])
      .flat();
    return instances.filter(({ goal }) => goal === "start").flatMap(({ job, name, pids, environment }) => {
      const pid = pids.get("main");
      return pid === undefined
        ? []
        : [{ job: job.name, instance: name, pid, environment: environment.pairs() }];
    });
  }

  /** Sends a signal to the main processes of a job. Returns true when there are any. */
  signal(job: string, signal: number): boolean {
    const instances = Array.from(this.job(job)?.instances.values() ?? []);
    const pids = instances.flatMap(({ pids }) => pids.get("main") ?? []);
    for (const pid of pids) signalProcess(pid, signal, false, this.context.messages);
    return pids.length > 0;
  }

  // The supervisor, for the control service.

  get logPriority(): LogPriority {
    return this.context.messages.priority;
  }

  set logPriority(priority: LogPriority) {
    this.context.messages.priority = priority;
    this.updateMuted();
  }

  get jobEnvironment() {
    return this.engine.environments;
  }

  jobs(): Iterable<LoadedJob> {
    return this.engine.jobs.values();
  }

  loaded(): Promise<void> | undefined {
    return this.context.loaded();
  }

  settled(): Promise<void> | undefined {
    // The read that follows leaves garbage behind.
    this.memoryTrim.touch();
    return this.context.processes.spawner.settled(START_WAIT);
  }

  get now(): number {
    return timeNow().monotonic;
  }

  instanceName(job: string, environment: string[]): string {
    try {
      return this.engine.instanceName(job, environment);
    } catch (error) {
      throw error instanceof RequestFailure ? new ControlError(error.failure, error.message) : error;
    }
  }

  /** @param peer Absent: init itself. */
  request(what: Request, peer?: Peer): string | Promise<string> {
    const asker = peer && this.#askerOf(peer);
    // Of an event its own record tells who has emitted it.
    const refused = asker && what.kind !== "emit" ? this.insight.asked(what, asker) : undefined;
    try {
      return this.requests.submit((request) =>
        this.handle({ kind: "request", request, what, ...(asker && { asker }) })
      );
    } catch (error) {
      refused?.(error as Error);
      throw error;
    }
  }

  /** Each client is looked at once. */
  #askerOf(peer: Peer): Asker {
    let asker = this.#askers.get(peer);
    if (!asker) this.#askers.set(peer, asker = askerOf(peer));
    return asker;
  }

  /** The number of the request that is made next. */
  get nextRequest(): number {
    return this.requests.nextNumber;
  }

  /**
   * The answer to a request that was made before this init was restored.
   * @throws {ControlError} when it could not be done; later, the promise rejects with it.
   */
  answerTo(request: number): string | Promise<string> {
    return this.requests.answerTo(request);
  }

  remark(job: string): string {
    if (this.job(job)?.definition.directed) return this.remarkOn(job);
    return [this.remarkOn(job), this.logProblem(job)].filter(Boolean).join("; ");
  }

  /** The remark without what its log says, and where the last failure is known otherwise, without that. */
  protected remarkOn(job: string, isFailureKnown = false): string {
    const { definition, lastFailure } = this.job(job) ?? {};
    const { pidFile, env = [], semantics, expect } = definition ?? {};
    const remark = pidFile === undefined ? "" : remarkOn(pidFile, env);
    // Upstart has no such remark, and scripts read what `status` says of classic jobs.
    const isOurs = semantics === "rouse" || expect === "script";
    const failed = isOurs && lastFailure && !isFailureKnown ? `failed: ${lastFailure.reason}` : "";
    if (definition?.directed) return this.#director?.remark(job) ?? "";
    const remarks = expect === "script" ? [failed, remark] : [remark || failed];
    return remarks.filter(Boolean).join("; ");
  }

  logProblem(job: string): string {
    const { semantics, expect, logTo } = this.job(job)?.definition ?? {};
    const isOurs = semantics === "rouse" || expect === "script";
    return isOurs && this.context.processes.output.problem(job, logTo) || "";
  }

  get logLosses(): ReadonlyMap<string, LogLosses> {
    return this.context.processes.output.losses;
  }

  isLogFailing({ name, logTo }: JobDefinition): boolean {
    return this.context.processes.output.problem(name, logTo) !== undefined;
  }

  problem(job: string): string | undefined {
    return this.context.problem(job);
  }

  /** The problems of the configuration, each as one line; `isMissed` when a job is missing because of it. */
  problems(): Array<{ problem: string; isMissed: boolean }> {
    return this.context.problems();
  }

  reloadConfiguration(): Promise<void> {
    return this.context.reloadConfiguration();
  }

  snapshot(): EngineView & UpstartState {
    const state = this.engine.view();
    return { ...state, ...upstartState(this.context.configurationSources(), state.environment) };
  }

  notifyDiskWriteable(): void {
    const problem = this.context.processes.output.notifyDiskWriteable();
    if (problem !== undefined) throw new ControlError("Failed", problem);
  }

  enterLevel(level: string, previous: string, isShown: boolean): Promise<void> | undefined {
    if (!this.awaitsEvent(RC_EVENTS.start)) return undefined;
    return this.levels.enter(level, previous, isShown);
  }

  /** Has the console show what init scripts log that start from now on, until the function is called that it returns. */
  showScripts(): () => void {
    return this.context.processes.output.showScripts();
  }

  /** Has the console show all that scripts have printed so far. */
  showPrinted(): void {
    this.context.processes.output.showPrinted();
  }

  endSession(): void {
    this.context.endSession();
  }

  restart(executable?: string, peer?: Peer): Promise<void> {
    const refused = peer && this.insight.askedForRestart(executable, this.#askerOf(peer));
    return this.context.restart(executable).catch((error) => {
      refused?.(error);
      throw error;
    });
  }

  get restarts(): number {
    return this.context.restarts();
  }

  get crashes(): number {
    return this.context.crashes();
  }

  get restarting(): boolean {
    return this.context.restarting();
  }

  /** Tells that this init has taken the place of another one. */
  tellRestarted(): void {
    this.subscriptions.notify({ kind: "restarted" });
  }

  warn(message: string): void {
    this.context.messages.log("warn", message);
  }

  received(bytes: number): void {
    this.memoryTrim.received(bytes);
  }

  /** Says who directs the jobs that are directed. */
  directBy(director: Director): void {
    this.#director = director;
    this.starter.onFork = (job, pid) => director.forked(job, pid);
  }

  observe(listener: (notice: Notice) => void, kinds?: ReadonlyArray<Notice["kind"]>): () => void {
    return this.subscriptions.subscribe(listener, kinds);
  }
}
