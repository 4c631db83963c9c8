/**
 * The simulator: an engine in virtual time with simulated processes. It performs the engine's effects, and returns what
 * follows from them as inputs.
 */

import { displayName } from "../../model/display_name.ts";
import type { InstanceProcess } from "../../model/job.ts";
import type { Effect, EngineNotice, Input } from "../effects.ts";
import type { Request } from "../../model/requests.ts";
import { Engine } from "../engine.ts";
import type { CheckPurpose } from "../checks/instance_checks.ts";
import { type CheckAnswer, SimulatedChecks } from "./simulated_checks.ts";
import {
  type Behaviour,
  exitOf,
  inWords,
  type ProcessEnd,
  type RunningProcess,
  SimulatedProcesses,
} from "./simulated_processes.ts";
import type { EngineSnapshot } from "../snapshot/engine_snapshot.ts";
import { VirtualClock } from "./virtual_clock.ts";

/** The reply to a request. It is filled in when the answer comes, maybe only after some time. */
export class RequestReply {
  /** Undefined as long as there is no answer, as when `start` waits; then `done`, or the error's message. */
  outcome: string | undefined;
  /** The name of the error, such as `JobFailed`. */
  error: string | undefined;
  /** The name of the instance that the request was about. */
  instance: string | undefined;
}

/** More inputs than may follow from one. */
const MOST_INPUTS = 10_000;

/**
 * A simulation. Hooks succeed at once and main processes stay, unless {@link Simulator.behave} says otherwise. After
 * each call everything that follows from it has happened, but for what takes time.
 */
export class Simulator {
  #engine: Engine;
  /** All that happened, one line each: states, goals, failures, events, processes, signals. */
  readonly trace: string[] = [];
  /** The messages of the engine, such as `web main process (1001) terminated with status 1`. */
  readonly log: string[] = [];
  readonly #clock = new VirtualClock();
  readonly #processes = new SimulatedProcesses(this.trace);
  readonly #checks = new SimulatedChecks(this.trace);
  readonly #replies = new Map<number, RequestReply>();
  #lastRequest = 0;
  readonly #inputs: Input[] = [];

  /** @param initEnvironment Init's own environment. */
  constructor(initEnvironment: Readonly<Record<string, string>> = {}) {
    this.#engine = new Engine([], Object.entries(initEnvironment));
  }

  /** The engine that the simulation is of. */
  get engine(): Engine {
    return this.#engine;
  }

  /** The virtual time, in ms; it begins with 0. */
  get now(): number {
    return this.#clock.now;
  }

  /** How many timers are set. */
  get timers(): number {
    return this.#clock.timers;
  }

  /** The processes that run, by their numbers. */
  get running(): ReadonlyMap<number, RunningProcess> {
    return this.#processes.running;
  }

  /** Sets what a job's process does in its next runs, one behaviour a run, the last one for all further runs. */
  behave(job: string, process: InstanceProcess, behaviours: Behaviour[]): void {
    this.#processes.behave(job, process, behaviours);
  }

  /** The environment with which a job's process was last spawned; empty when it never was. */
  environment(job: string, process: InstanceProcess): Record<string, string> {
    return this.#processes.environment(job, process);
  }

  /** Makes a request of a client. */
  request(what: Request): RequestReply {
    const request = ++this.#lastRequest;
    const reply = this.#await(request);
    this.handle({ kind: "request", request, what });
    return reply;
  }

  /** Ends a running process. */
  exit(pid: number, end: ProcessEnd): void {
    this.handle({ kind: "exited", pid, exit: exitOf(end) });
  }

  /** A running process forks and ends. The child runs when the engine tracks forks. Returns its number. */
  fork(pid: number, end: ProcessEnd = { status: 0 }): number {
    const exit = exitOf(end);
    const tracked = this.engine.tracksForks(pid, exit, this.now);
    const child = this.#processes.fork(pid, tracked);
    const trackedProcess = { pid: child, forks: 1 };
    this.handle({ kind: "exited", pid, exit, ...(tracked && { trackedProcess }) });
    return child;
  }

  /** Sets what the checks of a job say, from now on. */
  answer(job: string, use: CheckPurpose, answer: CheckAnswer): void {
    for (const input of this.#checks.answer(job, use, answer)) this.handle(input);
  }

  /** Has each main process of a job leave so many others behind when it ends; `stubborn`: they end by SIGKILL alone. */
  leave(job: string, count: number, stubborn = false): void {
    this.#processes.leave(job, count, stubborn);
  }

  /** Lets time go by (ms), with all that happens meanwhile. */
  advance(duration: number): void {
    const end = this.now + duration;
    for (let input = this.#clock.takeDue(end); input; input = this.#clock.takeDue(end)) {
      this.handle(input);
    }
  }

  /** Saves the engine, and goes on with one that is restored from JSON, as init does when it replaces itself. */
  restore(): void {
    const snapshot = JSON.stringify(this.#engine.save(this.#clock.time));
    this.#engine = Engine.restore(JSON.parse(snapshot), this.#clock.time);
  }

  /**
   * Goes on where another engine was saved. What runs there goes on, and does not end by itself; what was being started is
   * started. To be called before anything else.
   *
   * @throws {TypeError} when it is no snapshot, or a broken one.
   */
  resume(snapshot: unknown): void {
    const now = this.#clock.time, engine = this.#engine = Engine.restore(snapshot, now);
    // Whoever saved it may have wanted no notices.
    engine.muted = new Set(["info"]);
    for (const timer of engine.timers(now)) this.#perform(timer);
    const all = Array.from(engine.jobs.values()).flatMap((job) => Array.from(job.instances.values()));
    const { events } = snapshot as EngineSnapshot;
    const waiters = all.flatMap(({ waiters }) =>
      waiters.flatMap((one) => "request" in one ? one.request : [])
    );
    for (const request of [...waiters, ...events.flatMap(({ requests }) => requests)]) this.#await(request);
    for (const { job: { name: job }, name: instance, pids, checks, leftovers, timers } of all) {
      // Whoever was asked to look finds nothing any more.
      const isLookedFor = leftovers !== undefined && !timers.has("leftovers");
      if (isLookedFor) this.#inputs.push({ kind: "leftovers", job, instance, pids: [] });
      for (const [process, pid] of pids) this.#processes.adopt(pid, { job, instance, process });
      for (const [use, check] of Object.entries(checks.running)) {
        this.#checks.adopt(check, { job, instance, use: use as CheckPurpose });
      }
    }
    for (const { job: { definition }, name: instance, spawns } of all) {
      for (const [process, spawn] of spawns) {
        this.#spawn({ kind: "spawn", spawn, definition, instance, process, environment: [] });
      }
    }
    this.#goOn();
  }

  /**
   * Gives the engine an input, performs the effects, and goes on with the inputs that follow.
   * @throws {Error} when inputs follow without end.
   */
  handle(input: Input): void {
    this.#inputs.push(input);
    this.#goOn();
  }

  #goOn(): void {
    let count = 0;
    for (let next = this.#inputs.shift(); next; next = this.#inputs.shift()) {
      if (++count > MOST_INPUTS) throw new Error("jobs go on for ever without any time going by");
      if (next.kind === "exited") {
        // A signal may have come when it had just ended.
        if (!this.running.has(next.pid)) continue;
        this.#processes.ended(next.pid, next.exit);
      }
      // Nobody believes a pid file of a process that has just ended.
      if (next.kind === "pid-file" && !this.running.has(next.pid)) continue;
      for (const effect of this.handleAlone(next)) this.#perform(effect);
    }
  }

  /** Gives the engine one input. */
  protected handleAlone(input: Input): Effect[] {
    return this.#engine.handle(input, this.#clock.time);
  }

  #perform(effect: Effect): void {
    switch (effect.kind) {
      case "spawn":
        return this.#spawn(effect);
      case "kill": {
        const input = this.#processes.kill(effect.pid, effect.signal);
        if (input) this.#inputs.push(input);
        return;
      }
      case "end-leftovers": {
        const pids = this.#processes.endLeftovers(effect);
        this.#inputs.push({ kind: "leftovers", job: effect.job, instance: effect.instance, pids });
        return;
      }
      case "set-timer":
        return this.#clock.setTimer(effect.timer, effect.delay);
      case "clear-timer":
        return this.#clock.clearTimer(effect.timer);
      case "start-check":
        this.#inputs.push(this.#checks.start(effect));
        return;
      case "stop-check":
        return this.#checks.stop(effect.check);
      case "await-pid-file": {
        // In a simulation a daemon is the process that was spawned, or that has come of it.
        const { job, instance } = effect;
        const pid = this.#engine.jobs.get(job)?.instances.get(instance)?.pids.get("main");
        if (pid !== undefined) this.#inputs.push({ kind: "pid-file", job, instance, pid, session: pid });
        return;
      }
      case "forget-pid-file":
      case "find-left-behind":
        return;
      case "answer":
        return this.#answer(effect);
      case "log":
        this.log.push(effect.message);
        return;
      case "notice": {
        const line = lineOf(effect.notice);
        if (line !== undefined) this.trace.push(line);
      }
    }
  }

  #spawn(effect: Effect & { kind: "spawn" }): void {
    const { inputs, later } = this.#processes.spawn(effect);
    this.#inputs.push(...inputs);
    if (later) this.#clock.schedule(later.input, later.delay);
  }

  #await(request: number): RequestReply {
    const reply = new RequestReply();
    this.#replies.set(request, reply);
    this.#lastRequest = Math.max(this.#lastRequest, request);
    return reply;
  }

  #answer(effect: Effect & { kind: "answer" }): void {
    const reply = this.#replies.get(effect.request);
    if (!reply || reply.outcome !== undefined) throw new Error(`request ${effect.request} answered twice`);
    reply.outcome = effect.error?.message ?? "done";
    reply.error = effect.error?.name;
    reply.instance = effect.instance;
  }
}

/** The line of the trace for a notice; undefined for notices that are not in it. */
function lineOf(notice: EngineNotice): string | undefined {
  switch (notice.kind) {
    case "state-changed":
      return `${displayName(notice.job, notice.instance)} -> ${notice.state}`;
    case "goal-changed":
      return `${displayName(notice.job, notice.instance)} goal ${notice.goal}`;
    case "failed":
      return `${displayName(notice.job, notice.instance)} failed`;
    case "event-emitted":
      return ["event", notice.event, ...notice.environment].join(" ");
    case "instance-removed":
      return notice.endsInit &&
        `${displayName(notice.job, notice.instance)} ends init ${inWords(notice.exit)}`;
    default:
      return undefined;
  }
}
