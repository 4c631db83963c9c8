/** Processes: what their start, their forks and their end do to an instance. init(5), as docs/state-machine.md has it. */

import { type Exit, isSuccess, sameExit } from "../../../lib/model/exit.ts";
import { endsInitWith, type InstanceProcess, isBeyondUpstart } from "../../../lib/model/job.ts";
import { SIGCONT, SIGKILL, signalName, SIGSTOP } from "../../../lib/model/signals.ts";
import { printable } from "../../../lib/model/text/printable.ts";
import type { TrackedProcess } from "../../../lib/engine/effects.ts";
import { waitNote } from "./dependencies/waits.ts";
import {
  endLeftovers,
  endUnneededHook,
  forgetBounds,
  hookBegun,
  hookRunsLong,
  killHook,
  lookAtLeftovers,
} from "./hooks.ts";
import { endDelay, endMain, failAndStop, goOn, goOnAfter, leaveSpawned, setGoal } from "./life.ts";
import { endsTooEarly, failOrRespawn, isFailure, respawnOrStop, timedOut } from "./respawns.ts";
import {
  endsStart,
  forgetFile,
  isEndedByStop,
  lookForLeft,
  loseScript,
  lost,
  meaningOf,
  outcomeOf,
  startDone,
  stayWithout,
} from "./scripts.ts";
import { missedFile, missedWatchdog, saidReady } from "./services.ts";
import { awaitsFile, isBusy, isScript, isStartHook, waitOf } from "./table.ts";
import { describe, display, type Failure, has, type Instance, isRouse, type World } from "./world.ts";

/** A process runs. */
export function begun(world: World, instance: Instance, process: InstanceProcess, pid: number): void {
  instance.spawns.delete(process);
  instance.pids.set(process, pid);
  world.log("info", describe(instance, process, pid));
  world.notice({ kind: "spawned", job: instance.job.definition.name, instance: instance.name, process, pid });
  if (process === "main") {
    instance.mainStartedAt = world.now;
    instance.leaders = [pid];
    if (isScript(instance)) world.setTimer(instance, "hook-bound", 60_000);
  } else hookBegun(world, instance, process);
  goOnAfter(world, instance, process);
}

/** True where the failure of a process is one of the instance. */
function counts(instance: Instance, process: InstanceProcess): boolean {
  return process === "post-start" ? isRouse(instance) : process !== "pre-stop";
}

/** A process cannot be run. */
export function notBegun(
  world: World,
  instance: Instance,
  process: InstanceProcess,
  { reason, status = 126, isForCaller = false }: { reason: string; status?: number; isForCaller?: boolean },
): void {
  const { job: { definition }, name } = instance;
  instance.spawns.delete(process);
  const message = `Failed to spawn ${display(instance)} ${process} process: ${reason}`;
  world.log("warn", message);
  world.notice({ kind: "spawn-failed", job: definition.name, instance: name, process, reason });
  if (counts(instance, process)) {
    instance.lastExit = { status };
    failAndStop(world, instance, {
      process,
      reason: `its ${process} process could not be run: ${reason}`,
      message: isForCaller || isBeyondUpstart(definition) ? message : undefined,
    });
  }
  loseScript(instance, process);
  goOnAfter(world, instance, process);
}

/** A process has ended; maybe another one lives on in its place. */
export function ended(
  world: World,
  instance: Instance,
  process: InstanceProcess,
  exit: Exit,
  tracked: TrackedProcess | undefined,
): void {
  const pid = instance.pids.get(process)!;
  instance.pids.delete(process);
  if (process === "main" && isScript(instance) && !instance.isExpectMet) {
    world.clearTimer(instance, "hook-bound");
  }
  if (tracked) {
    const isExpected = isNamedNormal(instance, exit) || isEndedByStop(instance, exit);
    if (isScript(instance) && instance.isExpectMet && !isSuccess(exit)) instance.script = "partial";
    if (!isSuccess(exit)) logEnd(world, describe(instance, process, pid), exit, isExpected);
    follow(world, instance, tracked);
  } else if (process !== "main") hookEnded(world, instance, process, pid, exit);
  else if (endsStart(instance, exit)) {
    instance.lastExit = exit;
    world.log("info", `${describe(instance, "main", pid)} has done its start, and left nothing behind`);
    startDone(world, instance);
    met(world, instance);
  } else if (!awaitsFile(instance) || !isSuccess(exit)) mainEnded(world, instance, pid, exit);
}

function hookEnded(
  world: World,
  instance: Instance,
  process: InstanceProcess,
  pid: number,
  exit: Exit,
): void {
  const wasTold = instance.abortedHook !== undefined;
  forgetBounds(world, instance);
  instance.abortedHook = undefined;
  const isExpected = wasTold || isNamedNormal(instance, exit);
  logEnd(world, describe(instance, process, pid), exit, isExpected, meaningOf(instance, exit));
  if (!isSuccess(exit) && !wasTold && counts(instance, process)) {
    const cause = failureOf(instance, process, pid, exit);
    const isOfStart = isStartHook(process) && instance.goal === "start";
    if (isRouse(instance) && isOfStart && failOrRespawn(world, instance, cause)) return;
    failAndStop(world, instance, cause);
  }
  goOnAfter(world, instance, process);
}

const TOO_EARLY = "ended before the job was ready, with status 0";

function failureOf(instance: Instance, process: InstanceProcess, pid: number, exit: Exit): Failure {
  const isEarly = process === "main" && endsTooEarly(instance, exit);
  const ended = inWords(exit) + meaningOf(instance, exit), how = isEarly ? TOO_EARLY : ended;
  const reason = isScript(instance) ? `its script ${ended}` : undefined;
  return {
    process,
    exit,
    reason: isEarly ? `its ${process} process ${TOO_EARLY}` : reason,
    message: isBeyondUpstart(instance.job.definition)
      ? `${describe(instance, process, pid)} ${how}`
      : undefined,
  };
}

function mainEnded(world: World, instance: Instance, pid: number, exit: Exit): void {
  const isInits = endsInit(world, instance, exit), who = describe(instance, "main", pid);
  if (isInits) world.exitJob = instance.job;
  if (endsTooEarly(instance, exit)) world.log("warn", `${who} ${TOO_EARLY}`);
  else {
    const isExpected = isInits || isNamedNormal(instance, exit) || isEndedByStop(instance, exit);
    logEnd(world, who, exit, isExpected, meaningOf(instance, exit));
  }
  world.clearTimer(instance, "kill-timeout");
  world.clearTimer(instance, "fork-bound");
  instance.lastExit = exit;
  if (instance.goal === "start" && isSuccess(exit)) instance.chain = [instance.job];
  if (instance.state === "stopping") return;
  if (instance.state === "killed") {
    endLeftovers(world, instance);
    if (waitOf(instance) === undefined) goOn(world, instance);
    return;
  }
  const outcome = outcomeOf(instance, exit);
  if (outcome === "stays") return stayWithout(world, instance);
  if (outcome === "fails") return respawnOrStop(world, instance, lost(instance, pid, exit));
  const failed = isFailure(instance, exit);
  instance.isDone = instance.goal === "start" && !failed;
  if (instance.goal === "start" && failed) {
    if (failOrRespawn(world, instance, failureOf(instance, "main", pid, exit))) return;
  }
  const leadsOn = isRouse(instance) || instance.isTimedOut || has(instance, "post-start");
  if (instance.goal === "respawn" && leadsOn) endUnneededHook(world, instance);
  else if (instance.goal !== "stop" && !(instance.goal === "respawn" && isScript(instance))) {
    setGoal(world, instance, "stop", { by: "exit" });
  } else if (isBusy(instance)) endUnneededHook(world, instance);
  else goOn(world, instance);
}

/** True for the end by which init ends, too. */
function endsInit(world: World, { job, goal, state, ...rest }: Instance, exit: Exit): boolean {
  if (!endsInitWith(job.definition, isSuccess(exit)) || job.instances.length > 1) return false;
  const isStoppedToStart = state === "stopping" || state === "killed";
  if (goal === "respawn" || goal === "start" && isStoppedToStart) return false;
  const isRespawned = goal === "start" && job.definition.respawn &&
    isFailure({ job, goal, state, ...rest }, exit);
  return (!isRespawned || world.stopping) && (world.exitJob === undefined || world.exitJob === job);
}

/** Another process is the main process from now on, as the one before has forked and ended. */
export function follow(
  world: World,
  instance: Instance,
  { pid, forks, session = pid }: TrackedProcess,
): void {
  const { expect, killTimeout } = instance.job.definition;
  instance.leaders = session === pid ? [pid] : [session, pid];
  instance.pids.set("main", pid);
  if (expect === "children" || expect === "script") {
    world.log("info", `${describe(instance, "main", pid)} was left behind, and is followed`);
    if (instance.state === "killed") return endMain(world, instance);
    startDone(world, instance);
    return met(world, instance);
  }
  instance.tracksForksUntil = world.now + killTimeout * 1000;
  if (instance.state !== "spawned") {
    instance.forks++;
    const note = remarkOn(world, instance);
    world.log("warn", `${display(instance)} main process forked again, following ${pid} (${note})`);
    return;
  }
  instance.forks += instance.forks === 0 ? forks : 1;
  if (instance.forks < expectedForks(instance)) return;
  world.clearTimer(instance, "fork-bound");
  met(world, instance);
}

/** The remark on an instance of which a process forks too often. */
function remarkOn(world: World, instance: Instance): string {
  const { unhealthy, unready, forks, job: { definition: { expect } } } = instance;
  const expected = expectedForks(instance);
  const remarks = [
    unhealthy !== undefined && `unhealthy: ${unhealthy}`,
    unready !== undefined && `not ready: ${unready}`,
    forks !== expected &&
    `expect ${expect}: ${expected} fork${expected === 1 ? "" : "s"} expected, ${forks} seen`,
  ];
  const told = [instance.phase, instance.status].filter(Boolean).join(": ");
  const note = [remarks.find(Boolean), told].filter(Boolean).join("; ");
  return printable(waitNote(world, instance) || note);
}

function expectedForks({ job: { definition: { expect } } }: Instance): number {
  return expect === "fork" ? 1 : expect === "daemon" ? 2 : 0;
}

function met(world: World, instance: Instance): void {
  instance.isExpectMet = true;
  leaveSpawned(world, instance);
}

/** A main process will not fork again. */
export function settled(world: World, instance: Instance, isCertain: boolean): void {
  const pid = instance.pids.get("main");
  if (instance.state !== "spawned" || instance.forks === 0 || pid === undefined) return;
  world.clearTimer(instance, "fork-bound");
  if (!isCertain) return takeForService(world, instance, pid);
  instance.forks = expectedForks(instance);
  met(world, instance);
}

function takeForService(world: World, instance: Instance, pid: number): void {
  const { expect, killTimeout } = instance.job.definition;
  world.log(
    "warn",
    `${display(instance)} main process (${pid}) was not seen to fork as often as \`expect ${expect}\` says ` +
      `(${instance.forks} of ${expectedForks(instance)}), taking it for the service`,
  );
  instance.tracksForksUntil = world.now + killTimeout * 1000;
  met(world, instance);
}

/** A process was stopped by a signal. */
export function stopped(world: World, instance: Instance, process: InstanceProcess, signal: number): void {
  const { expect, ready } = instance.job.definition, isTold = ready?.kind === "stopped";
  if (process !== "main" || signal !== SIGSTOP || instance.state !== "spawned") return;
  if (expect !== "stop" && !isTold) return;
  world.effect({ kind: "kill", pid: instance.pids.get("main")!, signal: SIGCONT, group: false });
  if (isTold) saidReady(world, instance);
  if (expect === "stop") met(world, instance);
}

/** A timer of an instance is over. */
export function timeIsOver(world: World, instance: Instance, purpose: string): void {
  const pid = instance.pids.get("main");
  switch (purpose) {
    case "kill-timeout":
      if (instance.state === "killed") world.signal(instance, "main", SIGKILL);
      return;
    case "fork-bound":
      if (instance.state === "spawned" && pid !== undefined) takeForService(world, instance, pid);
      return;
    case "start-delay":
      return endDelay(world, instance);
    case "start-timeout":
      return startTookTooLong(world, instance);
    case "hook-bound":
      return hookRunsLong(world, instance);
    case "hook-kill":
      return killHook(world, instance);
    case "leftovers":
      return lookAtLeftovers(world, instance);
    case "pid-file":
      return isScript(instance) ? forgetFile(world, instance) : missedFile(world, instance);
    case "left-behind":
      return lookForLeft(world, instance);
    case "watchdog":
      return missedWatchdog(world, instance);
    case "watchdog-kill":
      return world.signal(instance, "main", SIGKILL, "warn");
  }
}

function startTookTooLong(world: World, instance: Instance): void {
  const { unready, job: { definition: { startTimeout } } } = instance;
  const message = unready === undefined
    ? `${display(instance)} is not up ${startTimeout} s after its start began: ${
      waitOf(instance) ?? "it goes on"
    }`
    : `${display(instance)} is not ready after ${startTimeout} s: ${unready}`;
  timedOut(world, instance, message);
}

function logEnd(world: World, who: string, exit: Exit, isExpected: boolean, meaning = ""): void {
  world.log(isExpected || isSuccess(exit) ? "info" : "warn", `${who} ${inWords(exit)}${meaning}`);
}

function inWords(exit: Exit): string {
  if (isSuccess(exit)) return "exited normally";
  if ("status" in exit) return `terminated with status ${exit.status}`;
  const name = signalName(exit.signal);
  return name ? `killed by ${name} signal` : `killed by signal ${exit.signal}`;
}

/** True when `normal exit` lists the number of an exit: Upstart does not ask whether it is a status or a signal. */
function isNamedNormal({ job: { definition } }: Instance, exit: Exit): boolean {
  const number = "status" in exit ? exit.status : exit.signal;
  return definition.directed === true ||
    definition.normalExit.some((normal) => sameExit(normal, { status: number }));
}
