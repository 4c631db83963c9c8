/** The loop of the running init: passes what happens to the engine, and performs the effects that the engine returns. */

import { type Effect, type Input, NOTICE_KINDS, type NoticeKind, type Time } from "../engine/effects.ts";
import type { RunningMain } from "../engine/services/adoption.ts";
import { Engine } from "../engine/engine.ts";
import type { LoadedJob } from "../engine/loaded_job.ts";
import type { Environment } from "../model/environment.ts";
import type { InitContext } from "./init_context.ts";
import type { Exit } from "../model/exit.ts";
import { CheckRunner } from "./checks/check_runner.ts";
import { EffectQueue, type Performed } from "./parts/effect_queue.ts";
import { FOLLOWED, InitInsight } from "./journal/insight.ts";
import type { ProcessOutput } from "./logs/process_output.ts";
import { LogShipper } from "./logs/shipping/log_shipper.ts";
import { LogTidier } from "./logs/tidying/log_tidier.ts";
import { type ChildWorld, NOBODY } from "./spawn/own_child.ts";
import { MemoryTrim } from "./host/memory_trim.ts";
import { ServiceReports } from "./notify/service_reports.ts";
import { NoticeSubscriptions } from "./notice_subscriptions.ts";
import { GuardedEngine } from "./parts/guarded_engine.ts";
import { PendingRequests } from "./parts/pending_requests.ts";
import { ChildReaper } from "./spawn/child_reaper.ts";
import { PidFiles } from "./spawn/pid_files.ts";
import { ProcessStarter } from "./spawn/process_starter.ts";
import { findForkedProcess } from "./spawn/fork_tracking.ts";
import { ForeignProcesses } from "./spawn/foreign_processes.ts";
import { LeftoverProcesses } from "./spawn/leftovers.ts";
import { signalProcess } from "./spawn/signalling.ts";
import { enteredLevel, type ScriptLevels } from "./sysv/script_levels.ts";
import {
  descriptorsOf,
  type Part,
  type PartFault,
  type Parts,
  restoreParts,
  saveParts,
} from "./parts/part.ts";
import { Timers } from "./parts/timers.ts";
import type { SavedInit } from "./saved_program.ts";

/** The loop: inputs go into the engine, and the effects that come out are performed. */
export abstract class EngineLoop implements Part<SavedInit> {
  readonly #guarded: GuardedEngine;
  readonly #effects = new EffectQueue(
    (effect) => this.#perform(effect),
    () => this.context.messages.attempt("the search for work", () => this.#findMore()) ?? false,
  );
  readonly #timers = new Timers((timer) => this.handle({ kind: "timer", timer }));
  protected readonly starter: ProcessStarter;
  readonly #reaper: ChildReaper;
  readonly #checks: CheckRunner;
  readonly #reports: ServiceReports;
  readonly #foreign: ForeignProcesses;
  readonly #pidFiles: PidFiles;
  readonly #leftovers: LeftoverProcesses;
  readonly #tidier: LogTidier;
  readonly #shipper: LogShipper;
  protected readonly requests = new PendingRequests();
  readonly insight: InitInsight;
  /** What children of init's own are started by. */
  readonly childWorld: ChildWorld;
  protected readonly memoryTrim = new MemoryTrim();
  protected readonly subscriptions = new NoticeSubscriptions(
    () => this.updateMuted(),
    (error) => this.fault("a listener to notices", error),
  );

  /**
   * @param defaults What the environment of every job begins with.
   * @param initEnvironment The environment that init itself was given.
   */
  constructor(
    defaults: Environment,
    initEnvironment: Environment,
    protected readonly context: InitContext,
  ) {
    this.#guarded = new GuardedEngine(new Engine(defaults, initEnvironment), {
      ...context,
      now: timeNow,
      onReplaced: () => this.updateMuted(),
    });
    const handle = (input: Input) => this.handle(input);
    this.#reaper = new ChildReaper(() => this.engine, context, {
      handle,
      // Behind the notice of its start, which may still be among the effects.
      notify: (notice) => this.#effects.add([{ kind: "notice", notice }]),
    });
    this.#foreign = new ForeignProcesses({
      isMain: (pid) => this.engine.ownerOf(pid)?.process === "main",
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
      engine: () => this.engine,
      handle,
      collectStarts: () => context.processes.spawner.collect(),
      onMain: (pid) => this.#foreign.watch(pid),
    });
    const onStarted = (pid: number, output: ProcessOutput) => this.#reaper.add(pid, output);
    this.starter = new ProcessStarter(context, handle, onStarted, this.#reports);
    this.#checks = new CheckRunner({
      ...context,
      handle,
      onEnd: (pid, listener, isAlone) => this.#reaper.onEnd(pid, listener, isAlone),
      pidsOf: (job, instance) => Array.from(this.job(job)?.instances.get(instance)?.pids.values() ?? []),
      isStopping: () => this.stopping,
    });
    this.#leftovers = new LeftoverProcesses(() => this.engine, context, handle);
    this.insight = new InitInsight({
      context,
      engine: () => this.engine,
      now: timeNow,
      wall: Date.now,
      problem: (job) => this.context.problem(job),
      remark: (job, isFailureKnown) => this.remarkOn(job, isFailureKnown),
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
    this.updateMuted();
  }

  protected get engine(): Engine {
    return this.#guarded.engine;
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
      engine: this.#guarded,
      requests: this.requests,
      controlGroups,
      output,
      tidying: this.#tidier,
      shipping: this.#shipper,
      // Before the children: what follows from those must be performed after the effects of before.
      effects: this.#effects,
      children: this.#reaper,
      starts: this.starter,
      timers: this.#timers,
      reports: this.#reports,
      foreign: this.#foreign,
      pidFiles: this.#pidFiles,
      checks: this.#checks,
      levels: this.levels,
    };
  }

  save(onFault?: PartFault): SavedInit {
    return saveParts(this.parts, onFault);
  }

  restore(saved: SavedInit, onFault?: PartFault): Promise<void> {
    return restoreParts(this.parts, saved, onFault);
  }

  /** Goes on with a process that runs, which need not be a child of init's. */
  adopt(main: RunningMain): void {
    this.handle({ kind: "adopt", ...main });
    this.#foreign.watch(main.pid);
  }

  /** The changes of the runlevel that programs have asked for. */
  protected abstract readonly levels: ScriptLevels;

  /** A remark on a job that has no process; empty when there is none. */
  protected abstract remarkOn(job: string, isFailureKnown?: boolean): string;

  descriptors(onFault?: PartFault): number[] {
    return descriptorsOf(this.parts, onFault);
  }

  /** Passes an input to the engine and performs the effects that follow from it. */
  handle(input: Input): void {
    this.memoryTrim.touch();
    const level = enteredLevel(input);
    if (level !== undefined) this.levels.supersede(level);
    this.#effects.add(this.#guarded.handle(input));
  }

  /** The requests of clients that have no answer yet. */
  get pendingRequests(): Pick<PendingRequests, "fail" | "forgetUnclaimed"> {
    return this.requests;
  }

  /** Starts the processes again whose starts were abandoned (see {@link SpawnQueue.abandon}). */
  startAgain(): void {
    this.starter.startAgain();
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

  /** True while a process of any job runs or is about to. */
  get hasProcesses(): boolean {
    return this.engine.hasProcesses;
  }

  /** True when there are no processes, no effects to be performed, and no timers that are due. */
  get isIdle(): boolean {
    return !this.hasProcesses && this.#effects.isEmpty && !this.#timers.hasDue;
  }

  /** True from when all jobs are to stop for good. */
  get stopping(): boolean {
    return this.engine.stopping;
  }

  job(name: string): LoadedJob | undefined {
    return this.engine.jobs.get(name);
  }

  fault(where: string, error: unknown): void {
    this.context.messages.fault(where, error);
  }

  /** Has the engine leave out the messages and notices that nobody reads. */
  protected updateMuted(): void {
    this.engine.muted = new Set(NOTICE_KINDS.filter((what) => !this.#isWanted(what)));
  }

  #isWanted(what: NoticeKind): boolean {
    if (what === "info") return this.context.messages.prints("info");
    // Much is released with it.
    if (what === "instance-removed") return true;
    if (what === "passing-state") return this.subscriptions.wants("state-changed");
    return FOLLOWED.has(what) || this.subscriptions.wants(what);
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
      this.starter.start(effect);
    },
    "kill": ({ pid, signal, group }) => signalProcess(pid, signal, group, this.context.messages),
    "end-leftovers": (effect) => this.#leftovers.end(effect),
    "find-left-behind": ({ job, instance, leader }) => {
      const isKnown = (pid: number) => this.engine.ownerOf(pid) !== undefined;
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
    "answer": (answer) => this.requests.answer(answer),
    "log": ({ priority, message }) => this.context.messages.log(priority, message),
    "notice": ({ notice }) => {
      if (notice.kind === "instance-removed") this.#release(notice.job, notice.instance);
      this.insight.observe(notice);
      this.subscriptions.notify(notice);
    },
  };
}

/** The present time, for the engine. */
export function timeNow(): Time {
  return { monotonic: performance.now(), wall: Date.now() };
}
