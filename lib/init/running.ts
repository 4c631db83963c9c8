/**
 * The running init: passes what happens to the engine, performs the effects that the engine returns, and answers the
 * control service.
 */

import { ControlError, type LogPriority, type Peer, type Supervisor } from "../control/supervisor.ts";
import type { Asker } from "../model/insight/journal.ts";
import type { Notice, Request } from "../model/requests.ts";
import { type Effect, type Input, NOTICE_KINDS, type NoticeKind, type Time } from "../engine/effects.ts";
import type { RunningMain } from "../engine/services/adoption.ts";
import { Engine } from "../engine/engine.ts";
import type { EngineSnapshot } from "../engine/snapshot/engine_snapshot.ts";
import type { LoadedJob } from "../engine/loaded_job.ts";
import type { EngineView } from "../engine/snapshot/engine_view.ts";
import type { Environment } from "../model/environment.ts";
import { RC_EVENTS } from "../model/init_events.ts";
import { RequestFailure } from "../model/failure.ts";
import { SCRIPTS_VERSION_LINE, VERSION_LINE } from "../model/version.ts";
import type { InitContext } from "./init_context.ts";
import type { Exit } from "../model/exit.ts";
import type { JobDefinition } from "../model/job.ts";
import { CheckRunner } from "./checks/check_runner.ts";
import { EffectQueue, type Performed } from "./parts/effect_queue.ts";
import { askerOf } from "./journal/asker.ts";
import { FOLLOWED, InitInsight } from "./journal/insight.ts";
import type { ProcessOutput } from "./logs/process_output.ts";
import type { LogLosses } from "./logs/files/log_store.ts";
import { LogShipper } from "./logs/shipping/log_shipper.ts";
import { LogTidier } from "./logs/tidying/log_tidier.ts";
import { type ChildWorld, NOBODY } from "./spawn/own_child.ts";
import { MemoryTrim } from "./host/memory_trim.ts";
import { ServiceReports } from "./notify/service_reports.ts";
import { NoticeSubscriptions } from "./notice_subscriptions.ts";
import { PendingRequests } from "./parts/pending_requests.ts";
import { ChildReaper } from "./spawn/child_reaper.ts";
import { PidFiles, remarkOn } from "./spawn/pid_files.ts";
import { ProcessStarter } from "./spawn/process_starter.ts";
import { findForkedProcess } from "./spawn/fork_tracking.ts";
import { ForeignProcesses } from "./spawn/foreign_processes.ts";
import { LeftoverProcesses } from "./spawn/leftovers.ts";
import { signalProcess } from "./spawn/signalling.ts";
import { enteredLevel, ScriptLevels } from "./sysv/script_levels.ts";
import {
  descriptorsOf,
  type Part,
  type Parts,
  type RestoreFault,
  restoreParts,
  saveParts,
} from "./parts/part.ts";
import { Timers } from "./parts/timers.ts";
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

/** The running init. */
export class RunningInit implements Supervisor, Part<SavedInit> {
  readonly version: string;
  #engine: Engine;
  readonly #effects = new EffectQueue(
    (effect) => this.#perform(effect),
    () => this.context.messages.attempt("the search for work", () => this.#findMore()) ?? false,
  );
  readonly #timers = new Timers((timer) => this.handle({ kind: "timer", timer }));
  readonly #starter: ProcessStarter;
  readonly #reaper: ChildReaper;
  readonly #checks: CheckRunner;
  readonly #reports: ServiceReports;
  readonly #foreign: ForeignProcesses;
  readonly #pidFiles: PidFiles;
  readonly #leftovers: LeftoverProcesses;
  readonly #tidier: LogTidier;
  readonly #shipper: LogShipper;
  readonly #requests = new PendingRequests();
  /** The clients that have asked for something, as the journal tells of them. */
  readonly #askers = new WeakMap<Peer, Asker>();
  readonly insight: InitInsight;
  /** What children of init's own are started by. */
  readonly childWorld: ChildWorld;
  /** The changes of the runlevel that programs have asked for. */
  readonly #levels = new ScriptLevels(this);
  #director: Director | undefined;
  readonly #memoryTrim = new MemoryTrim();
  readonly #subscriptions = new NoticeSubscriptions(
    () => this.#updateMuted(),
    (error) => this.fault("a listener to notices", error),
  );

  /**
   * @param defaults What the environment of every job begins with.
   * @param initEnvironment The environment that init itself was given.
   */
  constructor(
    defaults: Environment,
    initEnvironment: Environment,
    private readonly context: InitContext,
  ) {
    this.version = context.hasScripts ? SCRIPTS_VERSION_LINE : VERSION_LINE;
    this.#engine = new Engine(defaults, initEnvironment);
    this.#engine.endsWithRunlevel = context.endsWithRunlevel;
    const handle = (input: Input) => this.handle(input);
    this.#reaper = new ChildReaper(() => this.#engine, context, {
      handle,
      // Behind the notice of its start, which may still be among the effects.
      notify: (notice) => this.#effects.add([{ kind: "notice", notice }]),
    });
    this.#foreign = new ForeignProcesses({
      isMain: (pid) => this.#engine.ownerOf(pid)?.process === "main",
      reap: () => this.reap(),
      ended: (pid, exit) => this.#reaper.ended(pid, exit),
    });
    this.#pidFiles = new PidFiles(
      (input) => {
        this.handle(input);
        if (input.kind === "pid-file") this.#foreign.watch(input.pid);
      },
      (look) => context.messages.attempt("a look at a pid file", look),
    );
    this.#reports = new ServiceReports({
      isSession: context.isSession,
      messages: context.messages,
      output: context.processes.output,
      controlGroups: context.processes.controlGroups,
      engine: () => this.#engine,
      handle,
      collectStarts: () => context.processes.spawner.collect(),
      onMain: (pid) => this.#foreign.watch(pid),
    });
    const onStarted = (pid: number, output: ProcessOutput) => this.#reaper.add(pid, output);
    this.#starter = new ProcessStarter(context, handle, onStarted, this.#reports);
    this.#checks = new CheckRunner({
      ...context,
      handle,
      onEnd: (pid, listener, isAlone) => this.#reaper.onEnd(pid, listener, isAlone),
      pidsOf: (job, instance) => Array.from(this.job(job)?.instances.get(instance)?.pids.values() ?? []),
      isStopping: () => this.stopping,
    });
    this.#leftovers = new LeftoverProcesses(() => this.#engine, context, handle);
    this.insight = new InitInsight({
      context,
      engine: () => this.#engine,
      now: timeNow,
      wall: Date.now,
      problem: (job) => this.problem(job),
      remark: (job, isFailureKnown) => this.#remark(job, isFailureKnown),
    });
    const { processes: { output, spawner, privileged }, logCommands, messages } = context;
    const world = this.childWorld = {
      spawner,
      messages,
      onEnd: (pid: number, listener: (exit: Exit) => void) => this.#reaper.onEnd(pid, listener),
    };
    this.#tidier = new LogTidier(logCommands.tidy, world);
    output.onRotated = (path, rotation) => this.#tidier.add(path, rotation);
    this.#shipper = new LogShipper({
      ...world,
      command: logCommands.ship,
      ...(privileged && { credentials: NOBODY }),
      onLost: (job, lostBytes) => output.addLosses(job, { lostBytes }),
    });
    output.ship = (log, targets, bytes) => this.#shipper.ship(log, targets, bytes);
    output.shipProblem = (targets) => this.#shipper.problem(targets);
    this.#updateMuted();
  }

  /**
   * All parts that hold state across time, in the order in which they are restored. Who has subscribed to notices does so
   * anew, and the memory trim begins anew. Clients' connections are the control endpoint's.
   */
  get parts(): Parts<SavedInit> {
    const { messages, processes: { output, controlGroups } } = this.context;
    return {
      messages,
      insight: this.insight,
      engine: this.#enginePart,
      requests: this.#requests,
      controlGroups,
      output,
      tidying: this.#tidier,
      shipping: this.#shipper,
      // Before the children: what follows from those must be performed after the effects of before.
      effects: this.#effects,
      children: this.#reaper,
      starts: this.#starter,
      timers: this.#timers,
      reports: this.#reports,
      foreign: this.#foreign,
      pidFiles: this.#pidFiles,
      checks: this.#checks,
      levels: this.#levels,
    };
  }

  save(): SavedInit {
    return saveParts(this.parts);
  }

  restore(saved: SavedInit, onFault?: RestoreFault): Promise<void> {
    return restoreParts(this.parts, saved, onFault);
  }

  /** Goes on with a process that runs, which need not be a child of init's. */
  adopt(main: RunningMain): void {
    this.handle({ kind: "adopt", ...main });
    this.#foreign.watch(main.pid);
  }

  /** True for a process of an instance. */
  owns(pid: number): boolean {
    return this.#engine.ownerOf(pid) !== undefined;
  }

  /** The main processes of all instances that are not about to stop. */
  running(): RunningMain[] {
    const instances = Array.from(this.#engine.jobs.values(), ({ instances }) => [...instances.values()])
      .flat();
    return instances.filter(({ goal }) => goal === "start").flatMap(({ job, name, pids, environment }) => {
      const pid = pids.get("main");
      return pid === undefined
        ? []
        : [{ job: job.name, instance: name, pid, environment: environment.pairs() }];
    });
  }

  descriptors(): number[] {
    return descriptorsOf(this.parts);
  }

  readonly #enginePart: Part<EngineSnapshot> = {
    save: () => this.#engine.save(timeNow()),
    restore: (saved) => {
      this.#engine = Engine.restore(saved, timeNow());
      this.#engine.endsWithRunlevel = this.context.endsWithRunlevel;
      this.#updateMuted();
    },
  };

  /** Passes an input to the engine and performs the effects that follow from it. */
  handle(input: Input): void {
    this.#memoryTrim.touch();
    const level = enteredLevel(input);
    if (level !== undefined) this.#levels.supersede(level);
    this.#effects.add(this.#engine.handle(input, timeNow()));
  }

  /** Starts the processes again whose starts were abandoned (see {@link SpawnQueue.abandon}). */
  startAgain(): void {
    this.#starter.startAgain();
  }

  /** Takes what happened to children from the kernel. To be called after SIGCHLD. */
  reap(): void {
    this.#reaper.reap();
  }

  /** Resolves when output that goes elsewhere than to files has got there, or the time (ms) is over. */
  async finishLogs(time: number): Promise<void> {
    this.#tidier.close();
    await this.#shipper.finish(time);
  }

  /** Closes what services tell of themselves by, and removes its file. */
  close(): void {
    this.#reports.close();
    this.#foreign.close();
    this.#pidFiles.close();
  }

  /** All jobs by name. */
  get jobTable(): ReadonlyMap<string, LoadedJob> {
    return this.#engine.jobs;
  }

  /** True when a start condition mentions the event. */
  awaitsEvent(name: string): boolean {
    return this.#engine.awaitsEvent(name);
  }

  /** True while a process of any job runs or is about to. */
  get hasProcesses(): boolean {
    return this.#engine.hasProcesses;
  }

  /** True when there are no processes, no effects to be performed, and no timers that are due. */
  get isIdle(): boolean {
    return !this.hasProcesses && this.#effects.isEmpty && !this.#timers.hasDue;
  }

  /** Sends a signal to the main processes of a job. Returns true when there are any. */
  signal(job: string, signal: number): boolean {
    const instances = Array.from(this.job(job)?.instances.values() ?? []);
    const pids = instances.flatMap(({ pids }) => pids.get("main") ?? []);
    for (const pid of pids) signalProcess(pid, signal, false, this.context.messages);
    return pids.length > 0;
  }

  /** True from when all jobs are to stop for good. */
  get stopping(): boolean {
    return this.#engine.stopping;
  }

  // The supervisor, for the control service.

  get logPriority(): LogPriority {
    return this.context.messages.priority;
  }

  set logPriority(priority: LogPriority) {
    this.context.messages.priority = priority;
    this.#updateMuted();
  }

  get jobEnvironment() {
    return this.#engine.environments;
  }

  jobs(): Iterable<LoadedJob> {
    return this.#engine.jobs.values();
  }

  job(name: string): LoadedJob | undefined {
    return this.#engine.jobs.get(name);
  }

  loaded(): Promise<void> | undefined {
    return this.context.loaded();
  }

  settled(): Promise<void> | undefined {
    // The read that follows leaves garbage behind.
    this.#memoryTrim.touch();
    return this.context.processes.spawner.settled(START_WAIT);
  }

  get now(): number {
    return timeNow().monotonic;
  }

  instanceName(job: string, environment: string[]): string {
    try {
      return this.#engine.instanceName(job, environment);
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
      return this.#requests.submit((request) =>
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
    return this.#requests.nextNumber;
  }

  /**
   * The answer to a request that was made before this init was restored.
   * @throws {ControlError} when it could not be done; later, the promise rejects with it.
   */
  answerTo(request: number): string | Promise<string> {
    return this.#requests.answerTo(request);
  }

  remark(job: string): string {
    if (this.job(job)?.definition.directed) return this.#remark(job);
    return [this.#remark(job), this.logProblem(job)].filter(Boolean).join("; ");
  }

  /** The remark without what its log says, and where the last failure is known otherwise, without that. */
  #remark(job: string, isFailureKnown = false): string {
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
    const state = this.#engine.view();
    return { ...state, ...upstartState(this.context.configurationSources(), state.environment) };
  }

  notifyDiskWriteable(): void {
    const problem = this.context.processes.output.notifyDiskWriteable();
    if (problem !== undefined) throw new ControlError("Failed", problem);
  }

  enterLevel(level: string, previous: string, isShown: boolean): Promise<void> | undefined {
    if (!this.awaitsEvent(RC_EVENTS.start)) return undefined;
    return this.#levels.enter(level, previous, isShown);
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

  restart(executable?: string): Promise<void> {
    return this.context.restart(executable);
  }

  get restarts(): number {
    return this.context.restarts();
  }

  get restarting(): boolean {
    return this.context.restarting();
  }

  /** Tells that this init has taken the place of another one. */
  tellRestarted(): void {
    this.#subscriptions.notify({ kind: "restarted" });
  }

  fault(where: string, error: unknown): void {
    this.context.messages.fault(where, error);
  }

  warn(message: string): void {
    this.context.messages.log("warn", message);
  }

  received(bytes: number): void {
    this.#memoryTrim.received(bytes);
  }

  /** Says who directs the jobs that are directed. */
  directBy(director: Director): void {
    this.#director = director;
    this.#starter.onFork = (job, pid) => director.forked(job, pid);
  }

  observe(listener: (notice: Notice) => void, kinds?: ReadonlyArray<Notice["kind"]>): () => void {
    return this.#subscriptions.subscribe(listener, kinds);
  }

  /** Has the engine leave out the messages and notices that nobody reads. */
  #updateMuted(): void {
    this.#engine.muted = new Set(NOTICE_KINDS.filter((what) => !this.#isWanted(what)));
  }

  #isWanted(what: NoticeKind): boolean {
    if (what === "info") return this.context.messages.prints("info");
    // Much is released with it.
    if (what === "instance-removed") return true;
    if (what === "passing-state") return this.#subscriptions.wants("state-changed");
    return FOLLOWED.has(what) || this.#subscriptions.wants(what);
  }

  /** Looks for work when all effects have been performed. Returns false when only something from outside can bring more. */
  #findMore(): boolean {
    const timer = this.#timers.takeDue();
    if (timer !== undefined) {
      this.handle({ kind: "timer", timer });
      return true;
    }
    const { spawner } = this.context.processes;
    if (spawner.count === 0) return false;
    // The start of a process, or its exit, is usually what comes next. Neither is waited for.
    this.reap();
    spawner.collect();
    return !this.#effects.isEmpty;
  }

  /** Closes all that an instance had, which has ended. */
  #release(job: string, instance: string): void {
    this.context.processes.controlGroups.release(job, instance);
    this.context.processes.output.endWatch(job, instance);
    this.#reports.release(job, instance);
    this.#pidFiles.release(job, instance);
  }

  /** Performs an effect. A failure is logged, and does not keep the others from being performed. */
  #perform(effect: Performed): void {
    const perform = this.#performers[effect.kind] as (effect: Performed) => void;
    try {
      perform(effect);
    } catch (error) {
      this.fault(`the effect ${effect.kind}`, error);
    }
  }

  readonly #performers: { [Kind in Effect["kind"]]: (effect: Effect & { kind: Kind }) => void } = {
    "spawn": (effect) => {
      const { definition: { name, pidFile }, instance, process } = effect;
      if (process === "main" && pidFile !== undefined) this.#pidFiles.starting(name, instance);
      this.#starter.start(effect);
    },
    "kill": ({ pid, signal, group }) => signalProcess(pid, signal, group, this.context.messages),
    "end-leftovers": (effect) => this.#leftovers.end(effect),
    "find-left-behind": ({ job, instance, leader }) => {
      const isKnown = (pid: number) => this.#engine.ownerOf(pid) !== undefined;
      const grouped = this.context.processes.controlGroups.processesOf(job, instance);
      const process = findForkedProcess({ pid: leader, job, instance, isKnown, grouped });
      if (process) this.handle({ kind: "left-behind", job, instance, process });
    },
    "set-timer": ({ timer, delay }) => this.#timers.set(timer, delay),
    "await-pid-file": (effect) => this.#pidFiles.wait(effect),
    "forget-pid-file": ({ job, instance }) => this.#pidFiles.forget(job, instance),
    "start-check": (effect) => this.#checks.start(effect),
    "stop-check": ({ check }) => this.#checks.stop(check),
    "clear-timer": ({ timer }) => this.#timers.clear(timer),
    "answer": (answer) => this.#requests.answer(answer),
    "log": ({ priority, message }) => this.context.messages.log(priority, message),
    "notice": ({ notice }) => {
      if (notice.kind === "instance-removed") this.#release(notice.job, notice.instance);
      this.insight.observe(notice);
      this.#subscriptions.notify(notice);
    },
  };
}

/** The present time, for the engine. */
function timeNow(): Time {
  return { monotonic: performance.now(), wall: Date.now() };
}
