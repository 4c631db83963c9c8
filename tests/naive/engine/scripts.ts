/** Init scripts (`expect script`), as docs/sysv.md has them: their start ends, and what it has left behind is the service. */

import { describeEnd, type Exit, isSuccess, sameExit } from "../../../lib/model/exit.ts";
import { RC_EVENTS } from "../../../lib/model/init_events.ts";
import type { InstanceProcess } from "../../../lib/model/job.ts";
import { actionExitInWords } from "../../../lib/model/sysv/lsb_exits.ts";
import { SIGKILL } from "../../../lib/model/signals.ts";
import { expand, ExpansionError } from "../../../lib/model/expand.ts";
import type { TrackedProcess } from "../../../lib/engine/effects.ts";
import { breakOff, goOn, setGoal, settle } from "./life.ts";
import { follow } from "./processes.ts";
import { hasStarted, isBetween, isScript, waitOf } from "./table.ts";
import { display, type Failure, type Happening, type Instance, nameOf, type World } from "./world.ts";
import type { Cause } from "../../../lib/model/insight/journal.ts";

/** True where it counts what becomes of what a start has left behind. */
function isAfterStart({ state }: Instance): boolean {
  return isBetween(state, "spawned", "running");
}

/** True for a script that is up, and whose processes have ended: a start runs its start once more. */
export function hasLost({ goal, state, script }: Instance): boolean {
  return goal === "start" && state === "running" && script === "gone";
}

/** True for a script without processes that a change of the runlevel starts once more. */
export function isStartedAnew(instance: Instance, events: Happening[]): boolean {
  return isScript(instance) && instance.goal === "start" && instance.state === "running" &&
    instance.pids.size === 0 &&
    instance.job.definition.processes.main !== undefined &&
    events.some(({ name }) => name === RC_EVENTS.start);
}

/** Starts an instance, or runs the start of a script once more. */
export function begin(world: World, instance: Instance, cause: Cause): void {
  if (hasLost(instance)) breakOff(world, instance);
  else setGoal(world, instance, "start", cause);
}

/** A stop was called off that has not begun. */
export function goOnAsStarted(world: World, instance: Instance): void {
  if (!["spawned", "post-start", "running"].includes(instance.state) || !hasStarted(instance)) return;
  if (instance.state === "running") {
    instance.stopEnvironment = undefined;
    settle(world, instance, false);
  } else if (waitOf(instance) === undefined) goOn(world, instance);
}

/** A start that is to be undone soon, or is not any more, has another time limit. */
export function boundStart(world: World, instance: Instance): void {
  const { goal, job: { definition: { startTimeout } } } = instance;
  const limit = goal === "stop" ? 30 : startTimeout;
  if (limit === undefined) world.clearTimer(instance, "start-timeout");
  else world.setTimer(instance, "start-timeout", limit * 1000);
}

/** A script's start has ended with success. */
export function startDone(world: World, instance: Instance): void {
  if (!isScript(instance) || instance.isExpectMet) return;
  lookAtFile(world, instance);
  if (instance.pids.has("main")) return;
  instance.tracksForksUntil = world.now + 1000;
  world.setTimer(instance, "left-behind", 20);
}

/** Has init look at the pid file of a script for ten seconds. */
function lookAtFile(world: World, instance: Instance): void {
  const { job: { definition: { pidFile, setuid } }, leaders: [main] } = instance;
  if (pidFile === undefined || main === undefined) return;
  try {
    const path = expand(pidFile, instance.environment, 4096),
      user = setuid === undefined ? {} : { user: setuid };
    world.effect({
      kind: "await-pid-file",
      job: nameOf(instance.job),
      instance: instance.name,
      path,
      main,
      ...user,
    });
  } catch (error) {
    if (!(error instanceof ExpansionError)) throw error;
  }
  world.setTimer(instance, "pid-file", 10_000);
}

/** Ends that look. */
export function endLook(world: World, instance: Instance): void {
  if (!instance.timers.has("pid-file")) return;
  world.clearTimer(instance, "pid-file");
  forgetFile(world, instance);
}

export function forgetFile(world: World, { job, name }: Instance): void {
  world.effect({ kind: "forget-pid-file", job: nameOf(job), instance: name });
}

/** The file names the process that stands for the service. */
export function isNamed(world: World, instance: Instance): boolean {
  if (!hasStarted(instance) || !isAfterStart(instance)) return false;
  endLook(world, instance);
  instance.script = "named";
  return true;
}

function isLookedFor(instance: Instance): boolean {
  return isScript(instance) && hasStarted(instance) && isAfterStart(instance) &&
    instance.script === undefined &&
    !instance.pids.has("main");
}

/** It is time to look for what a script has left behind. */
export function lookForLeft(world: World, instance: Instance): void {
  const { leaders: [leader], tracksForksUntil } = instance;
  if (!isLookedFor(instance) || leader === undefined) return;
  world.effect({ kind: "find-left-behind", job: nameOf(instance.job), instance: instance.name, leader });
  if (world.now < tracksForksUntil) world.setTimer(instance, "left-behind", tracksForksUntil - world.now);
}

/** Such a process was found. */
export function leftFound(world: World, instance: Instance, process: TrackedProcess): void {
  if (!isLookedFor(instance) || world.owner("pids", process.pid)) return;
  world.clearTimer(instance, "left-behind");
  follow(world, instance, process);
}

/** The stop of a script cannot be run: what it has left behind is ended without. */
export function loseScript(instance: Instance, process: InstanceProcess): void {
  if (isScript(instance) && process === "pre-stop" && instance.script !== "named") {
    instance.script = "orphaned";
  }
}

/** True when this end of the main process is that of a script's start. */
export function endsStart(instance: Instance, exit: Exit): boolean {
  return isScript(instance) && instance.state === "spawned" && !instance.isExpectMet && isSuccess(exit);
}

/** What the end of a script's last process means: it stays up without, or this is a failure. */
export function outcomeOf(instance: Instance, exit: Exit): "stays" | "fails" | undefined {
  const { normalExit, respawn } = instance.job.definition;
  if (!isScript(instance) || !hasStarted(instance) || instance.goal !== "start" || !isAfterStart(instance)) {
    return undefined;
  }
  if (normalExit.some((normal) => sameExit(normal, exit))) return undefined;
  return isSuccess(exit) && !respawn && instance.script !== "named" ? "stays" : "fails";
}

export function stayWithout(world: World, instance: Instance): void {
  instance.script = "gone";
  world.log("info", `${display(instance)} has no processes any more, and stays up: they ended with success`);
}

/** The failure of a script whose last process has ended. */
export function lost(instance: Instance, pid: number, exit: Exit): Failure {
  instance.isExpectMet = false;
  const reason = `its processes are gone: the last one (${pid}) ${describeEnd(exit)}`;
  return { process: "main", exit, message: `${display(instance)} is dead: ${reason}`, reason };
}

/** True when a script's stop has ended what its start has left, as it should. */
export function isEndedByStop({ goal, state, isExpectMet, ...rest }: Instance, exit: Exit): boolean {
  if (!isScript(rest) || !isExpectMet || goal === "start") return false;
  return state === "pre-stop" || state === "killed" && !("signal" in exit && exit.signal === SIGKILL);
}

/** What a script's exit status means. */
export function meaningOf(instance: Instance, exit: Exit): string {
  if (!isScript(instance) || isSuccess(exit) || !("status" in exit)) return "";
  const words = actionExitInWords(exit.status);
  return words === undefined ? "" : ` (${words})`;
}
