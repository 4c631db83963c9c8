/**
 * The readiness of main processes by `expect` (init(5)): a process stops itself (`expect stop`), or forks and ends
 * (`expect fork`, `expect daemon`), and its child is tracked as the main process.
 */

import { type Exit, isSuccess } from "../model/exit.ts";
import { SIGCONT } from "../model/signals.ts";
import { setMain } from "./services/main_process.ts";
import { saidReady } from "./checks/checks.ts";
import type { TrackedProcess } from "./effects.ts";
import type { EngineState } from "./engine_state.ts";
import type { Instance } from "./instance.ts";
import { endMain, leaveSpawned } from "./lifecycle.ts";
import { isScript, isStartedScript, mayHaveLeft, STARTED } from "./services/init_script.ts";
import { lookForNamed } from "./services/pid_file.ts";

/** The main process has stopped itself: with `expect stop`, or `ready stopped`, it is ready, and is continued. */
export function mainStopped(engine: EngineState, instance: Instance, pid: number): void {
  const { job: { name, definition: { expect, ready } }, state } = instance;
  if (state !== "spawned" || expect !== "stop" && ready?.kind !== "stopped") return;
  engine.kill(pid, SIGCONT, false);
  if (ready?.kind === "stopped") saidReady(engine, name, instance.name);
  if (expect === "stop") met(engine, instance);
}

/**
 * True when a main process that ends with this exit may have left a child that lives on in its place: while a fork is
 * expected, and as long as the kill timeout after the last fork, in case the program forks more often than its job says.
 * One that fails leaves none.
 */
export function tracksForks(instance: Instance, exit: Exit, now: number): boolean {
  const { expect, pidFile } = instance.job.definition;
  if (expect === "script") return mayHaveLeft(instance, exit);
  if (pidFile !== undefined) return false;
  if (expect === "children") return isSuccess(exit) || instance.isExpectMet;
  if (!isSuccess(exit)) return false;
  if (expect !== "fork" && expect !== "daemon" || instance.state === "killed") return false;
  return instance.state === "spawned" || (instance.goal === "start" && now < instance.tracksForksUntil);
}

/** The main process has forked and ended: the tracked process is the main process now. */
export function trackFork(engine: EngineState, instance: Instance, tracked: TrackedProcess): void {
  const { pid, forks, session = pid } = tracked, { expect } = instance.job.definition;
  instance.leaders = session === pid ? [pid] : [pid, session];
  setMain(engine, instance, pid);
  if (expect === "children" || expect === "script") return followChild(engine, instance, pid);
  instance.tracksForksUntil = engine.now + instance.job.definition.killTimeout * 1000;
  if (instance.state !== "spawned") {
    instance.forks++;
    engine.log(
      "warn",
      `${instance.displayName} main process forked again, following ${pid} (${instance.note(engine.now)})`,
    );
    return;
  }
  // Several forks at once show only after the first process: it led the session, which later ones need not.
  instance.forks += instance.forks === 0 ? forks : 1;
  if (instance.forks < instance.expectedForks) return;
  engine.clearTimer(instance, "fork-bound");
  met(engine, instance);
}

/** Of the processes that the main process has left behind, one is the main process now. In a stop, it is ended next. */
function followChild(engine: EngineState, instance: Instance, pid: number): void {
  engine.log("info", `${instance.describe("main", pid)} was left behind, and is followed`);
  if (instance.state === "killed") return endMain(engine, instance);
  started(engine, instance);
}

/** A program that leaves a service behind has done so. */
function started(engine: EngineState, instance: Instance): void {
  if (!instance.isExpectMet && isScript(instance)) {
    lookForNamed(engine, instance);
    if (!instance.pids.has("main")) {
      instance.tracksForksUntil = engine.now + LAST_LOOK;
      engine.setTimer(instance, "left-behind", FIRST_LOOK);
    }
  }
  met(engine, instance);
}

/** When a script has left nothing behind, init looks again after so many ms: a process cannot be told by its environment while
 * it executes another program. */
const FIRST_LOOK = 20, LAST_LOOK = 1000;

/** It is time for such a look. */
export function lookForLeft(engine: EngineState, instance: Instance): void {
  const { pids, leaders: [leader], job, name, tracksForksUntil } = instance;
  if (!isLookedFor(instance) || pids.has("main") || leader === undefined) return;
  engine.effect({ kind: "find-left-behind", job: job.name, instance: name, leader });
  if (engine.now < tracksForksUntil) {
    engine.setTimer(instance, "left-behind", tracksForksUntil - engine.now);
  }
}

/** A process was found that a script has left behind. */
export function leftFound(engine: EngineState, job: string, name: string, tracked: TrackedProcess): void {
  const instance = engine.jobs.get(job)?.instances.get(name);
  if (!instance || !isLookedFor(instance) || instance.pids.has("main")) return;
  if (engine.processes.has(tracked.pid)) return;
  engine.clearTimer(instance, "left-behind");
  trackFork(engine, instance, tracked);
}

function isLookedFor(instance: Instance): boolean {
  return isStartedScript(instance) && STARTED.has(instance.state) && instance.report.script === undefined;
}

/** A tracked process will not fork again, whatever number of forks was seen. */
export function trackedProcessSettled(engine: EngineState, instance: Instance, isCertain: boolean): void {
  const pid = instance.pids.get("main");
  if (instance.state !== "spawned" || instance.forks === 0 || pid === undefined) return;
  engine.clearTimer(instance, "fork-bound");
  if (!isCertain) return acceptAsReady(engine, instance, pid);
  instance.forks = instance.expectedForks;
  met(engine, instance);
}

/** Accepts a main process as ready that was not seen to fork as often as `expect` says. */
export function acceptAsReady(engine: EngineState, instance: Instance, pid: number): void {
  const { expect, killTimeout } = instance.job.definition;
  engine.log(
    "warn",
    `${instance.displayName} main process (${pid}) was not seen to fork as often as \`expect ${expect}\` says ` +
      `(${instance.forks} of ${instance.expectedForks}), taking it for the service`,
  );
  instance.tracksForksUntil = engine.now + killTimeout * 1000;
  met(engine, instance);
}

/** A script has done its start, and left no processes behind. */
export function scriptStarted(engine: EngineState, instance: Instance, pid: number): void {
  engine.log("info", `${instance.describe("main", pid)} has done its start, and left nothing behind`);
  started(engine, instance);
}

function met(engine: EngineState, instance: Instance): void {
  instance.isExpectMet = true;
  leaveSpawned(engine, instance);
}
