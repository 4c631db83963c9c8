/**
 * What the start and the end of processes do to their instance. The meaning of exits follows init(5), and was checked
 * against Upstart 1.13.
 */

import { type Exit, isSuccess, sameExit } from "../model/exit.ts";
import { endsInitWith, type InstanceProcess, isBeyondUpstart } from "../model/job.ts";
import { SIGKILL, signalName, SIGSTOP } from "../model/signals.ts";
import type { TrackedProcess } from "./effects.ts";
import type { EngineState } from "./engine_state.ts";
import { acceptAsReady, lookForLeft, mainStopped, scriptStarted, trackFork } from "./expect.ts";
import type { FailureCause, Instance } from "./instance.ts";
import { advance, advanceAfter, changeGoal, endDelay, failAndStop } from "./lifecycle.ts";
import { endedTooEarly, failOrRespawn, isFailure, respawnOrStop, timedOut } from "./waiting/respawn.ts";
import {
  endsStart,
  isEndedByStop,
  isScript,
  loseScript,
  lost,
  meaningOf,
  noteLoss,
  outcomeOf,
  stayWithout,
} from "./services/init_script.ts";
import { leavesService, missedPidFile } from "./services/pid_file.ts";
import { endMissed, missedWatchdog } from "./services/watchdog.ts";
import type { InstanceTimer, InstanceTimerPurpose } from "./timers.ts";
import {
  abortUnneededHook,
  hookGone,
  hookRunsLong,
  hookStarted,
  isBusy,
  isStartHook,
  killHook,
  scriptBegun,
} from "./waiting/hook_bounds.ts";
import { endLeftovers, lookAgain } from "./waiting/leftovers.ts";
import { describeWait, mustWait } from "./waiting/waits.ts";

/** A process runs that {@link EngineState.spawn} requested. */
export function processSpawned(
  engine: EngineState,
  instance: Instance,
  process: InstanceProcess,
  pid: number,
): void {
  instance.spawns.delete(process);
  engine.log("info", instance.describe(process, pid));
  instance.pids.set(process, pid);
  engine.processes.set(pid, { instance, name: process });
  engine.notice({ kind: "spawned", job: instance.job.name, instance: instance.name, process, pid });
  if (process === "main") {
    instance.mainStartedAt = engine.now;
    instance.leaders = [pid];
    if (isScript(instance)) scriptBegun(engine, instance);
  } else hookStarted(engine, instance, process);
  advanceAfter(engine, instance, process);
}

/** A process is not needed on this system. */
export function spawnSkipped(engine: EngineState, instance: Instance, process: InstanceProcess): void {
  instance.spawns.delete(process);
  advanceAfter(engine, instance, process);
}

/**
 * True for the processes whose failure is one of the instance. That of a pre-stop does not count, nor, in Upstart, that of
 * a post-start: the job stops, or runs, all the same.
 */
function failureCounts(instance: Instance, process: InstanceProcess): boolean {
  return process !== "pre-stop" && (process !== "post-start" || instance.isRouse);
}

/** Lets go of all processes of an instance, and of those that are being spawned: what becomes of them is not its affair. */
export function abandonProcesses(engine: EngineState, instance: Instance): void {
  for (const pid of instance.pids.values()) engine.processes.delete(pid);
  for (const spawn of instance.spawns.values()) engine.spawns.delete(spawn);
  instance.pids.clear();
  instance.spawns.clear();
  instance.leaders = [];
  instance.leftovers = undefined;
  instance.report.script = undefined;
  // What looks at a pid file ends with the state.
  for (const purpose of [...instance.timers.keys()]) {
    if (purpose !== "pid-file") engine.clearTimer(instance, purpose);
  }
}

/** A process could not be spawned. */
export function spawnFailed(
  engine: EngineState,
  instance: Instance,
  process: InstanceProcess,
  { reason, status = 126, isForCaller = false }: { reason: string; status?: number; isForCaller?: boolean },
): void {
  instance.spawns.delete(process);
  const message = `Failed to spawn ${instance.displayName} ${process} process: ${reason}`;
  engine.log("warn", message);
  engine.notice({ kind: "spawn-failed", job: instance.job.name, instance: instance.name, process, reason });
  if (failureCounts(instance, process)) {
    instance.lastExit = { status };
    const isTold = isForCaller || isBeyondUpstart(instance.job.definition);
    const unable = `its ${process} process could not be run: ${reason}`;
    failAndStop(engine, instance, { process, reason: unable, ...(isTold && { message }) });
  }
  loseScript(instance, process);
  advanceAfter(engine, instance, process);
}

/** A process has ended. `trackedProcess`: the process that lives on in place of a main process that has forked. */
export function processEnded(
  engine: EngineState,
  instance: Instance,
  process: InstanceProcess,
  exit: Exit,
  trackedProcess: TrackedProcess | undefined,
): void {
  const pid = instance.pids.get(process) ?? 0;
  engine.processes.delete(pid);
  instance.pids.delete(process);
  if (process === "main" && isScript(instance) && !instance.isExpectMet) {
    engine.clearTimer(instance, "hook-bound");
  }
  if (trackedProcess !== undefined) {
    noteLoss(instance, exit);
    if (!isSuccess(exit)) {
      const isExpected = isNamedNormal(instance, exit) || isEndedByStop(instance, exit);
      logExit(engine, instance.describe(process, pid), exit, isExpected, "");
    }
    return trackFork(engine, instance, trackedProcess);
  }
  if (process === "main" && leavesService(instance, exit)) return;
  if (process === "main" && endsStart(instance, exit)) return startDone(engine, instance, pid, exit);
  if (process === "main") mainEnded(engine, instance, pid, exit);
  else hookEnded(engine, instance, process, pid, exit);
}

function hookEnded(
  engine: EngineState,
  instance: Instance,
  process: InstanceProcess,
  pid: number,
  exit: Exit,
): void {
  const wasAborted = hookGone(engine, instance);
  const isExpected = wasAborted || isNamedNormal(instance, exit);
  logExit(engine, instance.describe(process, pid), exit, isExpected, meaningOf(instance, exit));
  if (!isSuccess(exit) && !wasAborted && failureCounts(instance, process)) {
    const cause = causeOf(instance, process, pid, exit);
    const isStart = isStartHook(process) && instance.goal === "start";
    if (instance.isRouse && isStart && failOrRespawn(engine, instance, cause)) return;
    failAndStop(engine, instance, cause);
  }
  advanceAfter(engine, instance, process);
}

/**
 * The failure of a process. Clients are told of it where jobs say what Upstart has no word for; Upstart says only that
 * there is one.
 */
function causeOf(instance: Instance, process: InstanceProcess, pid: number, exit: Exit): FailureCause {
  const isEarly = process === "main" && endedTooEarly(instance, exit);
  const reason = isEarly
    ? { reason: `its ${process} process ${TOO_EARLY}` }
    : isScript(instance) && { reason: `its script ${howEnded(exit)}${meaningOf(instance, exit)}` };
  if (!isBeyondUpstart(instance.job.definition)) return { process, exit, ...reason };
  const how = isEarly ? TOO_EARLY : howEnded(exit) + meaningOf(instance, exit);
  const message = `${instance.describe(process, pid)} ${how}`;
  return { process, exit, message, ...reason };
}

/** How a main process ends that should have stayed. */
const TOO_EARLY = "ended before the job was ready, with status 0";

function mainEnded(engine: EngineState, instance: Instance, pid: number, exit: Exit): void {
  const isInitsEnd = endsInit(engine, instance, exit);
  // Of several such jobs, the first to end counts.
  if (isInitsEnd) engine.exitJob = instance.job;
  if (endedTooEarly(instance, exit)) engine.log("warn", `${instance.describe("main", pid)} ${TOO_EARLY}`);
  else {
    const isExpected = isInitsEnd || isNamedNormal(instance, exit) || isEndedByStop(instance, exit);
    logExit(engine, instance.describe("main", pid), exit, isExpected, meaningOf(instance, exit));
  }
  engine.clearTimer(instance, "kill-timeout");
  engine.clearTimer(instance, "fork-bound");
  instance.lastExit = exit;
  // A loop of jobs that each do their work is no faster than that work, and is not throttled.
  if (instance.goal === "start" && isSuccess(exit)) instance.resetCause();
  // An end that the engine has asked for is no failure, even when the goal is to start again.
  if (instance.state === "killed") return mainKilled(engine, instance);
  if (instance.state === "stopping") return;
  const outcome = outcomeOf(instance, exit);
  if (outcome === "stays") return stayWithout(engine, instance);
  if (outcome === "fails") {
    return respawnOrStop(engine, instance, lost(instance, pid, exit));
  }
  instance.isDone = instance.goal === "start" && !isFailure(instance, exit);
  if (instance.goal === "start" && isFailure(instance, exit)) {
    if (failOrRespawn(engine, instance, causeOf(instance, "main", pid, exit))) return;
  }
  // The goal respawn of a restart in a pre-stop becomes stop, as in Upstart; that of a start, which has failed or lost a job
  // that it needs, leads on by itself.
  if (
    instance.goal === "respawn" && (instance.isRouse || instance.isTimedOut || instance.has("post-start"))
  ) {
    return abortUnneededHook(engine, instance);
  }
  // A script's stop ends its daemon, and has its end before the start.
  const isScriptsRestart = instance.goal === "respawn" && isScript(instance);
  if (instance.goal !== "stop" && !isScriptsRestart) {
    return changeGoal(engine, instance, "stop", { by: "exit" });
  }
  if (isBusy(instance)) abortUnneededHook(engine, instance);
  else advance(engine, instance);
}

/** A script's start has ended with success. */
function startDone(engine: EngineState, instance: Instance, pid: number, exit: Exit): void {
  instance.lastExit = exit;
  scriptStarted(engine, instance, pid);
}

function mainKilled(engine: EngineState, instance: Instance): void {
  endLeftovers(engine, instance);
  if (!mustWait(instance)) advance(engine, instance);
}

/** A process was stopped by a signal. Only the main process's own SIGSTOP has a meaning. */
export function processStopped(
  engine: EngineState,
  instance: Instance,
  process: InstanceProcess,
  signal: number,
): void {
  if (signal !== SIGSTOP || process !== "main") return;
  mainStopped(engine, instance, instance.pids.get(process) ?? 0);
}

/** What an instance's timer does when it expires. */
const ON_TIMER: Record<InstanceTimerPurpose, (engine: EngineState, instance: Instance) => void> = {
  "start-delay": endDelay,
  "pid-file": missedPidFile,
  "watchdog": missedWatchdog,
  "watchdog-kill": endMissed,
  "start-timeout": startTimedOut,
  "hook-bound": hookRunsLong,
  "hook-kill": killHook,
  "leftovers": lookAgain,
  "left-behind": lookForLeft,
  "kill-timeout"(engine, instance) {
    if (instance.state === "killed") engine.signal(instance, "main", SIGKILL);
  },
  "fork-bound"(engine, instance) {
    const pid = instance.pids.get("main");
    if (instance.state === "spawned" && pid !== undefined) acceptAsReady(engine, instance, pid);
  },
};

/** The instance is not up in time. */
function startTimedOut(engine: EngineState, instance: Instance): void {
  const { displayName, job } = instance;
  const { startTimeout } = job.definition, { unready } = instance.checks;
  const message = unready === undefined
    ? `${displayName} is not up ${startTimeout} s after its start began: ${describeWait(instance)}`
    : `${displayName} is not ready after ${startTimeout} s: ${unready}`;
  timedOut(engine, instance, message);
}

/** A timer of an instance has expired. */
export function timerExpired(engine: EngineState, { instance, purpose }: InstanceTimer): void {
  ON_TIMER[purpose](engine, instance);
}

/**
 * @param isExpected The exit is no reason for a warning.
 * @param meaning What it means, to stand behind it.
 */
function logExit(
  engine: EngineState,
  who: string,
  exit: Exit,
  isExpected: boolean,
  meaning: string,
): void {
  engine.log(isExpected || isSuccess(exit) ? "info" : "warn", `${who} ${howEnded(exit)}${meaning}`);
}

/** How a process has ended: `terminated with status 1`. */
function howEnded(exit: Exit): string {
  if (isSuccess(exit)) return "exited normally";
  const number = numberOf(exit);
  if ("status" in exit) return `terminated with status ${number}`;
  const name = signalName(number);
  return `killed by ${name ? `${name} signal` : `signal ${number}`}`;
}

/**
 * True when `normal exit` lists the number of an exit, and for a directed job, of which each end is normal. Upstart compares the bare number: `normal exit 15` silences TERM's
 * message, `normal exit TERM` does not.
 */
function isNamedNormal({ job }: Instance, exit: Exit): boolean {
  if (job.definition.directed) return true;
  return job.definition.normalExit.some((normal) => sameExit(normal, { status: numberOf(exit) }));
}

function numberOf(exit: Exit): number {
  return "signal" in exit ? exit.signal : exit.status;
}

/** True for the end of a main process with which init ends (`--exit-with`): init's own exit status tells of this one. */
function endsInit(engine: EngineState, instance: Instance, exit: Exit): boolean {
  const { job, goal, state } = instance;
  if (!endsInitWith(job.definition, isSuccess(exit)) || job.instances.size > 1) return false;
  const isRestarted = goal === "respawn" || goal === "start" && (state === "stopping" || state === "killed");
  const isRespawned = goal === "start" && job.definition.respawn && isFailure(instance, exit);
  if (isRestarted || isRespawned && !engine.stopping) return false;
  return (engine.exitJob ?? job) === job;
}
