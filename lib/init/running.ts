/**
 * The running init: tells the engine what happens, does what it says, and is what the control service asks.
 * Nothing in here waits; long lists of things to do are done in slices, so that everybody gets their turn.
 */

import { follow } from "../control/interface.ts";
import {
  ControlError,
  type ControlRequest,
  type LogPriority,
  type Notice,
  type Supervisor,
} from "../control/supervisor.ts";
import { type Effect, type Input, type Telling, TELLINGS } from "../engine/effects.ts";
import { Engine } from "../engine/engine.ts";
import type { Job } from "../engine/job.ts";
import type { Environment } from "../model/environment.ts";
import { RequestFailure } from "../model/failure.ts";
import { type Change, kill, processGroup, reap } from "../sys/processes.ts";
import { SystemError } from "../sys/errno.ts";
import type { Messages } from "./messages.ts";
import { Observers } from "./observers.ts";
import type { ProcessOutput } from "./output/output.ts";
import { type ProcessContext, type Started, startProcess } from "./processes.ts";
import { findSuccessor } from "./successor.ts";
import { Trim } from "./trim.ts";
import { VERSION_LINE } from "../model/version.ts";

/** How long effects are done before other work gets its turn, in ms; and how many before the clock is looked at. */
const SLICE = 10, EFFECTS_AT_ONCE = 16;

/** The longest delay (ms) that the runtimes' timers know; more would be none at all. */
export const LONGEST_DELAY = 2 ** 31 - 1;

/** How often it is tried to start a process that cannot be started for want of something, and how long apart (ms). */
const SPAWN_ATTEMPTS = 50, SPAWN_PAUSE = 200;

/**
 * How long processes that are being started are waited for, in ms, before anyone is told how things stand, so that no
 * process that runs is told that it is about to.
 */
const PATIENCE = 20;

/** Changes of children that are taken at a time. */
const REAP_AT_ONCE = 256;

/** What init lends the supervisor: the parts that it does not know by itself. */
export interface Surroundings {
  messages: Messages;
  processes: ProcessContext;
  /** Variables that every process of a job is given last, such as UPSTART_SESSION. */
  sessionEnvironment: string[];
  reloadConfiguration(): Promise<void>;
  /** What is wrong with the file of a job whose last good definition is in force. */
  problem(job: string): string | undefined;
  endSession(): void;
  restart(): void;
  /** Called when the last process of a job has ended. */
  onIdle(): void;
}

type Answer = Effect & { kind: "answer" };

/** What is kept of a request until its answer: the answer, when it comes at once, or who waits for it. */
interface Caller {
  answer?: Answer;
  answered?(answer: Answer): void;
}

/** The running init. */
export class RunningInit implements Supervisor {
  readonly version = VERSION_LINE;
  readonly #engine: Engine;
  readonly #effects: Effect[] = [];
  #working = false;
  #continuing = false;
  readonly #outputs = new Map<number, ProcessOutput>();
  readonly #timers = new Map<number, ReturnType<typeof setTimeout>>();
  /** Timers without a delay. The engine knows which of them have been cleared. */
  readonly #due: number[] = [];
  readonly #callers = new Map<number, Caller>();
  #lastRequest = 0;
  readonly #trim = new Trim();
  readonly #observers = new Observers(() => this.#setUnwanted());

  constructor(
    defaults: Environment,
    initEnvironment: Environment,
    private readonly surroundings: Surroundings,
  ) {
    this.#engine = new Engine(defaults, initEnvironment);
    this.#setUnwanted();
  }

  /** Tells the engine what has happened and sets to work on what follows from it. */
  tell(input: Input): void {
    this.#trim.touch();
    for (const effect of this.#engine.handle(input, performance.now())) this.#effects.push(effect);
    this.#work();
  }

  /** Takes in what happened to children. To be called after SIGCHLD. */
  reap(): void {
    const changes = reap(REAP_AT_ONCE);
    for (const change of changes) this.#childChanged(change);
    this.surroundings.processes.controlGroups.tidy();
    if (changes.length === REAP_AT_ONCE) setImmediate(() => this.reap());
  }

  /** All jobs by name, for init itself: nobody waits for processes to start as they do for {@link RunningInit.jobs}. */
  get inventory(): ReadonlyMap<string, Job> {
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

  /** True when, beyond that, nothing that has happened is still to be followed up. */
  get idle(): boolean {
    return !this.hasProcesses && this.#effects.length === 0 && this.#due.length === 0;
  }

  /** Sends a signal to the main processes of a job. True when there are any. */
  signal(job: string, signal: number): boolean {
    const instances = Array.from(this.job(job)?.instances.values() ?? []);
    const pids = instances.flatMap(({ pids }) => pids.get("main") ?? []);
    for (const pid of pids) this.#kill(pid, signal, false);
    return pids.length > 0;
  }

  /** True from when all jobs are to stop for good. */
  get stopping(): boolean {
    return this.#engine.stopping;
  }

  // What the control service asks.

  get logPriority(): LogPriority {
    return this.surroundings.messages.priority;
  }

  set logPriority(priority: LogPriority) {
    this.surroundings.messages.priority = priority;
    this.#setUnwanted();
  }

  get jobEnvironment() {
    return this.#engine.environments;
  }

  jobs(): Iterable<Job> {
    this.#asked();
    return this.#engine.jobs.values();
  }

  job(name: string): Job | undefined {
    this.#asked();
    return this.#engine.jobs.get(name);
  }

  instanceName(job: string, environment: string[]): string {
    try {
      return this.#engine.instanceName(job, environment);
    } catch (error) {
      throw error instanceof RequestFailure ? new ControlError(error.failure, error.message) : error;
    }
  }

  request(what: ControlRequest): string | Promise<string> {
    const request = ++this.#lastRequest;
    const caller: Caller = {};
    this.#callers.set(request, caller);
    this.tell({ kind: "request", request, what });
    return follow(caller.answer ?? new Promise<Answer>((resolve) => caller.answered = resolve), instanceOf);
  }

  problem(job: string): string | undefined {
    return this.surroundings.problem(job);
  }

  reloadConfiguration(): Promise<void> {
    return this.surroundings.reloadConfiguration();
  }

  snapshot(): unknown {
    return this.#engine.snapshot();
  }

  notifyDiskWriteable(): void {
    this.surroundings.processes.output.notifyDiskWriteable();
  }

  endSession(): void {
    this.surroundings.endSession();
  }

  restart(): void {
    this.surroundings.restart();
  }

  observe(listener: (notice: Notice) => void, kinds?: ReadonlyArray<Notice["kind"]>): () => void {
    return this.#observers.add(listener, kinds);
  }

  /** Tells the engine what nobody wants to know. */
  #setUnwanted(): void {
    this.#engine.unwanted = new Set(TELLINGS.filter((what) => !this.#isWanted(what)));
  }

  #isWanted(what: Telling): boolean {
    if (what === "info") return this.surroundings.messages.prints("info");
    // Of this one init makes something itself.
    if (what === "instance-removed") return true;
    return this.#observers.want(what);
  }

  /** To be called when somebody wants to know how things stand: it leaves garbage behind, and may be a process that has just started. */
  #asked(): void {
    this.#trim.touch();
    this.surroundings.processes.spawner.await(PATIENCE);
  }

  #childChanged(change: Change): void {
    const { pid } = change;
    this.surroundings.processes.spawner.changed(pid);
    if ("stopped" in change) return this.tell({ kind: "stopped", pid, signal: change.stopped });
    if (!("exit" in change)) return;
    this.#outputs.get(pid)?.ended();
    this.#outputs.delete(pid);
    const owner = this.#engine.ownerOf(pid);
    const successor = this.#successor(pid);
    if (owner && !successor) this.#observers.tell({ kind: "process-ended", ...owner, exit: change.exit });
    this.tell({ kind: "exited", pid, exit: change.exit, ...(successor && { successor }) });
    if (!this.hasProcesses) this.surroundings.onIdle();
  }

  #successor(pid: number) {
    if (!this.#engine.follows(pid, performance.now())) return undefined;
    const owner = this.#engine.ownerOf(pid);
    return owner &&
      findSuccessor({ pid, ...owner, isKnown: (other) => this.#engine.ownerOf(other) !== undefined });
  }

  /** Does what there is to do, in order, for a slice of time. */
  #work(): void {
    if (this.#working || this.#continuing) return;
    this.#working = true;
    const end = performance.now() + SLICE;
    let goesOn = true;
    while (goesOn && performance.now() <= end) {
      let done = 0;
      while (done < this.#effects.length && (done % EFFECTS_AT_ONCE > 0 || performance.now() <= end)) {
        this.#perform(this.#effects[done++]!);
      }
      this.#effects.splice(0, done);
      goesOn = this.#effects.length > 0 || this.#findMore();
    }
    this.#working = false;
    if (!goesOn) return;
    this.#continuing = true;
    setImmediate(() => {
      this.#continuing = false;
      this.#work();
    });
  }

  /** Looks for more to do when all is done. False when only something from outside can bring it. */
  #findMore(): boolean {
    const timer = this.#due.shift();
    if (timer !== undefined) {
      this.tell({ kind: "timer", timer });
      return true;
    }
    const { spawner } = this.surroundings.processes;
    if (spawner.count === 0) return false;
    // What follows from the start of a process, or its end, usually is next.
    this.reap();
    return this.#effects.length > 0 || spawner.doze();
  }

  /** Does one thing. Whatever goes wrong with it must not keep the rest from being done. */
  #perform(effect: Effect): void {
    const perform = this.#performers[effect.kind] as (effect: Effect) => void;
    try {
      perform(effect);
    } catch (error) {
      this.surroundings.messages.tell("error", `Failed to do ${effect.kind}: ${(error as Error).stack}`);
    }
  }

  readonly #performers: { [Kind in Effect["kind"]]: (effect: Effect & { kind: Kind }) => void } = {
    "spawn": (effect) => this.#spawn(effect),
    "kill": ({ pid, signal, group }) => this.#kill(pid, signal, group),
    "set-timer": ({ timer, delay }) => {
      if (delay === 0) return void this.#due.push(timer);
      const over = () => {
        this.#timers.delete(timer);
        this.tell({ kind: "timer", timer });
      };
      this.#timers.set(timer, setTimeout(over, Math.min(delay, LONGEST_DELAY)));
    },
    "clear-timer": ({ timer }) => {
      clearTimeout(this.#timers.get(timer));
      this.#timers.delete(timer);
    },
    "answer": (answer) => {
      const caller = this.#callers.get(answer.request);
      this.#callers.delete(answer.request);
      if (caller?.answered) caller.answered(answer);
      else if (caller) caller.answer = answer;
    },
    "log": ({ priority, message }) => this.surroundings.messages.tell(priority, message),
    "notice": ({ notice }) => {
      if (notice.kind === "instance-removed") {
        this.surroundings.processes.controlGroups.release(notice.job, notice.instance);
      }
      this.#observers.tell(notice);
    },
  };

  /** Starts a process. Where descriptors, memory or processes are short, it is tried again for a while. */
  #spawn(effect: Effect & { kind: "spawn" }, attempt = 1): void {
    const { definition, instance, process, environment } = effect;
    const variables = [
      ...environment,
      `UPSTART_JOB=${definition.name}`,
      `UPSTART_INSTANCE=${instance}`,
      ...this.surroundings.sessionEnvironment,
    ];
    startProcess(
      { definition, instance, process, environment: variables },
      this.surroundings.processes,
      (started) => this.#started(started, effect, attempt),
    );
  }

  #started(started: Started, effect: Effect & { kind: "spawn" }, attempt: number): void {
    const { spawn, definition, process } = effect;
    if ("skipped" in started) return this.tell({ kind: "spawn-skipped", spawn });
    if ("reason" in started) {
      const { isTemporary, ...failure } = started;
      if (!isTemporary || attempt >= SPAWN_ATTEMPTS) {
        return this.tell({ kind: "spawn-failed", spawn, ...failure });
      }
      if (attempt === 1) {
        const what = `Failed to spawn ${definition.name} ${process} process for now, trying again`;
        this.surroundings.messages.tell("warn", `${what}: ${failure.reason}`);
      }
      setTimeout(() => this.#spawn(effect, attempt + 1), SPAWN_PAUSE);
      return;
    }
    this.#outputs.set(started.pid, started.output);
    this.tell({ kind: "spawned", spawn, pid: started.pid });
  }

  #kill(pid: number, signal: number, group: boolean): void {
    try {
      kill(group ? groupOf(pid) ?? pid : pid, signal);
    } catch (error) {
      if (!(error instanceof SystemError)) throw error;
      this.surroundings.messages.tell("warn", error.message);
    }
  }
}

/** The instance that an answer is about. @throws {ControlError} when the request could not be done. */
function instanceOf({ instance, error }: Answer): string {
  if (error) throw new ControlError(error.name, error.message);
  return instance;
}

/** A process's group as kill(2) takes it; undefined for one that is in init's own, which must not be signalled. */
function groupOf(pid: number): number | undefined {
  const group = processGroup(pid);
  return group === undefined || group <= 1 || group === processGroup(0) ? undefined : -group;
}
