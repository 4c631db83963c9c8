/**
 * The engine: Upstart's model of jobs and events as a pure state machine. Inputs go into {@link Engine.handle}, which
 * returns effects. The engine itself has no I/O, no clock and no timers.
 */

import { Environment, environment } from "../model/environment.ts";
import type { Exit } from "../model/exit.ts";
import { RequestFailure } from "../model/failure.ts";
import type { InstanceProcess } from "../model/job.ts";
import { adopt } from "./services/adoption.ts";
import { checkFailed, checkPassed, saidReady } from "./checks/checks.ts";
import { changeDefinition } from "./definition_changes.ts";
import { settleDependencies } from "./dependencies/settle.ts";
import { graphOf } from "./dependencies/waits.ts";
import type { Effect, Input, NoticeKind, Time } from "./effects.ts";
import { EngineState } from "./engine_state.ts";
import { JobEnvironments } from "./environments.ts";
import { dispatchEvents, retryDelayedStarts } from "./events/dispatch.ts";
import { leftFound, trackedProcessSettled, tracksForks } from "./expect.ts";
import type { LoadedJob } from "./loaded_job.ts";
import {
  processEnded,
  processSpawned,
  processStopped,
  spawnFailed,
  spawnSkipped,
  timerExpired,
} from "./processes.ts";
import { notified } from "./services/notifications.ts";
import { pidFileNames, pidFileRefused } from "./services/pid_file.ts";
import { doRequest, findJob, instanceName } from "./requests.ts";
import { stopAll, stopInOrder, stopNext } from "./shutdown.ts";
import type { EngineSnapshot } from "./snapshot/engine_snapshot.ts";
import { type EngineView, viewEngine } from "./snapshot/engine_view.ts";
import { restoreEngine } from "./snapshot/restore.ts";
import { saveEngine } from "./snapshot/save.ts";
import { checkSnapshot } from "./snapshot/schema.ts";
import { leftoversSeen } from "./waiting/leftovers.ts";

/** An engine. It begins without jobs, or where another one was saved. */
export class Engine {
  readonly #state: EngineState;
  /** The tables of variables that `set-env` and its kin work on. */
  readonly environments: JobEnvironments;

  /**
   * @param defaults What every job's environment begins with.
   * @param initEnvironment Init's own environment, from which a bare `env KEY` takes its value.
   */
  constructor(
    defaults: Iterable<readonly [name: string, value: string]> = [],
    initEnvironment: Iterable<readonly [name: string, value: string]> = [],
  ) {
    this.#state = new EngineState(new Environment(defaults), new Environment(initEnvironment));
    this.environments = new JobEnvironments(this.#state);
  }

  /** Leaves these kinds out of the effects. Most effects are notices, which nobody may want. */
  set muted(muted: ReadonlySet<NoticeKind>) {
    this.#state.muted = muted;
  }

  /** Set where the runlevels 0 and 6 end the system, as they do everywhere but in a user's session. */
  set endsWithRunlevel(ends: boolean) {
    this.#state.endsWithRunlevel = ends;
  }

  /** All jobs by name. */
  get jobs(): ReadonlyMap<string, LoadedJob> {
    return this.#state.jobs;
  }

  /**
   * Handles an input, and returns its effects, in order.
   *
   * @param now The time at which it has happened.
   */
  handle(input: Input, now: Time): Effect[] {
    const engine = this.#state;
    engine.now = now.monotonic;
    engine.wall = now.wall;
    engine.eventsDispatched = 0;
    engine.spawnsRequested = 0;
    engine.dependenciesSeen = 0;
    const handle = HANDLERS[input.kind] as (engine: EngineState, input: Input) => void;
    handle(engine, input);
    while (dispatchEvents(engine) && goesOn(engine));
    engine.scheduleDelayedStarts();
    // A snapshot does not hold the graph.
    graphOf(engine);
    const effects = engine.effects;
    engine.effects = [];
    return effects;
  }

  /**
   * The name of the instance that a start with these `KEY=VALUE` strings is about.
   *
   * @throws {RequestFailure} UnknownJob, InvalidArgs
   */
  instanceName(job: string, given: string[]): string {
    return instanceName(this.#state, findJob(this.#state, job), given, true);
  }

  /** True while the job of a main process expects it to fork once more. */
  isForking(pid: number): boolean {
    const process = this.#state.processes.get(pid);
    return process?.name === "main" && process.instance.state === "spawned" && !process.instance.isExpectMet;
  }

  /**
   * True when the input `exited` of this process, with this exit, should come with the process that lives on in its
   * place, if there is one.
   *
   * @param now The present time, as {@link Time.monotonic}.
   */
  tracksForks(pid: number, exit: Exit, now: number): boolean {
    const process = this.#state.processes.get(pid);
    return process?.name === "main" && tracksForks(process.instance, exit, now);
  }

  /** The job and instance that a running process belongs to, and which of its processes it is. */
  ownerOf(pid: number): { job: string; instance: string; process: InstanceProcess } | undefined {
    const process = this.#state.processes.get(pid);
    return process &&
      { job: process.instance.job.name, instance: process.instance.name, process: process.name };
  }

  /** True when the `start on` of any job mentions this event. */
  awaitsEvent(name: string): boolean {
    for (const subscriber of this.#state.subscriptions.subscribers(name)) {
      if ("job" in subscriber) return true;
    }
    return false;
  }

  /** True while any process of a job runs, or is being spawned. */
  get hasProcesses(): boolean {
    return this.#state.processes.size > 0 || this.#state.spawns.size > 0;
  }

  /** True from the input `stop-all` on. */
  get stopping(): boolean {
    return this.#state.stopping;
  }

  /**
   * Makes an engine that goes on where another one was saved: the same inputs have the same effects. Timers that were
   * set still are: see {@link Engine.timers}. The result of a spawn that was in progress is still to come.
   *
   * @param snapshot What {@link Engine.save} has returned, maybe by way of JSON.
   * @param now The moment of the saving, by the caller's present clock. It differs from `snapshot.now` when the clock has
   * another origin, or when the time since then is not to count.
   * @throws {TypeError} when it is no snapshot, or a broken one, with the place of what is wrong.
   */
  static restore(snapshot: unknown, now: Time): Engine {
    checkSnapshot(snapshot);
    const { originalDefaults, initEnvironment } = snapshot;
    const engine = new Engine(environment(originalDefaults), environment(initEnvironment));
    restoreEngine(engine.#state, snapshot, now);
    return engine;
  }

  /** The whole state as plain JSON data, from which {@link Engine.restore} makes an engine with the same future. */
  save(now: Time): EngineSnapshot {
    return saveEngine(this.#state, now);
  }

  /**
   * The timers that are set, as the effects that set them: for a caller who has restored the engine and has no timers.
   * The delay is the time that is left.
   */
  timers(now: Time): Effect[] {
    const inOrder = Array.from(this.#state.timers.values()).sort((one, other) => one.number - other.number);
    return inOrder.map(({ number, deadline }) => ({
      kind: "set-timer",
      timer: number,
      delay: Math.max(0, deadline - now.monotonic),
    }));
  }

  /** The state as plain data for people and tools, nothing of which is shared with the engine but the definitions. */
  view(): EngineView {
    return viewEngine(this.#state);
  }
}

/** Does what follows once all events are dispatched. True when more events may have followed. */
function goesOn(engine: EngineState): boolean {
  const settled = settleDependencies(engine);
  return settled === "changed" || settled === "done" && stopNext(engine);
}

type Handlers = { [Kind in Input["kind"]]: (engine: EngineState, input: Input & { kind: Kind }) => void };

const HANDLERS: Handlers = {
  "definitions": (engine, { changes }) => changes.forEach((change) => changeDefinition(engine, change)),

  "request"(engine, { request, what, asker }) {
    try {
      doRequest(engine, request, what, { by: "request", ...(asker && { asker }) });
    } catch (error) {
      if (!(error instanceof RequestFailure)) throw error;
      const { failure: name, message } = error;
      engine.effect({ kind: "answer", request, instance: "", error: { name, message } });
    }
  },

  "event": (engine, { event, environment: variables }) =>
    void engine.emit(event, environment(variables), { by: "init" }),

  "spawned"(engine, { spawn, pid }) {
    const process = engine.spawns.get(spawn);
    if (!engine.spawns.delete(spawn) || !process) return;
    processSpawned(engine, process.instance, process.name, pid);
  },

  "spawn-failed"(engine, { spawn, ...failure }) {
    const process = engine.spawns.get(spawn);
    if (!engine.spawns.delete(spawn) || !process) return;
    spawnFailed(engine, process.instance, process.name, failure);
  },

  "spawn-skipped"(engine, { spawn }) {
    const process = engine.spawns.get(spawn);
    if (engine.spawns.delete(spawn) && process) spawnSkipped(engine, process.instance, process.name);
  },

  "adopt": (engine, running) => adopt(engine, running),

  "exited"(engine, { pid, exit, trackedProcess }) {
    const process = engine.processes.get(pid);
    if (process) processEnded(engine, process.instance, process.name, exit, trackedProcess);
  },

  "settled"(engine, { pid, isCertain }) {
    const process = engine.processes.get(pid);
    if (process?.name === "main") trackedProcessSettled(engine, process.instance, isCertain);
  },

  "stopped"(engine, { pid, signal }) {
    const process = engine.processes.get(pid);
    if (process) processStopped(engine, process.instance, process.name, signal);
  },

  "leftovers"(engine, { job, instance, pids }) {
    const found = engine.jobs.get(job)?.instances.get(instance);
    if (found) leftoversSeen(engine, found, pids);
  },

  "timer"(engine, { timer }) {
    const expired = engine.takeTimer(timer);
    if (!expired) return;
    if ("instance" in expired) timerExpired(engine, expired);
    else if (expired.purpose === "delayed-starts") retryDelayedStarts(engine);
  },

  "check-passed": (engine, { check }) => checkPassed(engine, check),

  "check-failed": (engine, { check, reason }) => checkFailed(engine, check, reason),

  "ready": (engine, { job, instance }) => saidReady(engine, job, instance),

  "notification": (engine, { job, instance, told }) => notified(engine, job, instance, told),

  "pid-file": (engine, { job, instance, ...process }) => pidFileNames(engine, job, instance, process),

  "left-behind": (engine, { job, instance, process }) => leftFound(engine, job, instance, process),

  "pid-file-refused": (engine, { job, instance, reason }) => pidFileRefused(engine, job, instance, reason),

  "stop-all"(engine, { inOrder }) {
    if (inOrder) stopInOrder(engine);
    else stopAll(engine);
    retryDelayedStarts(engine);
  },
};
