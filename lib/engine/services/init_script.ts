/**
 * Init scripts (`expect script`): the main process is the script's start. It ends with success, and the job is up. What it
 * has left behind is the service: one of these processes is the main process then. A script that leaves none behind, such
 * as one that sets the host's name, is up all the same, and has no main process.
 */

import { describeEnd, type Exit, isSuccess, sameExit } from "../../model/exit.ts";
import { RC_EVENTS } from "../../model/init_events.ts";
import type { InstanceProcess, JobDefinition } from "../../model/job.ts";
import { actionExitInWords } from "../../model/sysv/lsb_exits.ts";
import { SIGKILL } from "../../model/signals.ts";
import type { EngineState } from "../engine_state.ts";
import type { FailureCause, Instance } from "../instance.ts";
import { type State, statesBetween } from "../states.ts";

/** True for an init script. */
export function isScript({ job }: { job: { definition: JobDefinition } }): boolean {
  return job.definition.expect === "script";
}

/** True for an init script whose start has succeeded, and whose service has not died since. */
export function isStartedScript(instance: Instance): boolean {
  if (!isScript(instance)) return false;
  return instance.isExpectMet || instance.job.definition.processes.main === undefined;
}

/** The states from which a script that is to stop goes on to `pre-stopping`, since what its start has done is to be undone. */
export const UNDONE: readonly State[] = ["spawned", "post-start", "running"];

/** True for a script that has started, and is to stop: its own stop is next, which undoes what its start has done. */
export function isToBeUndone(instance: Instance): boolean {
  const { goal, state, isForced } = instance;
  if (goal === "start" || isForced || !UNDONE.includes(state) || !isStartedScript(instance)) return false;
  return !instance.has("post-start");
}

/** True while a script does its start, which is not broken off in the middle: nobody would undo the half. */
export function finishesStart(instance: Instance): boolean {
  const { state, pids, isExpectMet, isTimedOut, isForced } = instance;
  return state === "spawned" && isScript(instance) && pids.has("main") && !isExpectMet && !isTimedOut &&
    !isForced;
}

/** How long a start may go on once the script is to stop, in ms. A machine that goes down does not wait for one that hangs. */
const TIME_TO_FINISH = 30_000;

/** Bounds a start by the goal: one that is to be undone soon, and any other by its own limit. */
export function boundStart(engine: EngineState, instance: Instance): void {
  const { startTimeout } = instance.job.definition;
  if (instance.goal === "stop") engine.setTimer(instance, "start-timeout", TIME_TO_FINISH);
  else if (startTimeout === undefined) engine.clearTimer(instance, "start-timeout");
  else engine.setTimer(instance, "start-timeout", startTimeout * 1000);
}

/** The states in which it counts what becomes of the processes that a script has left behind. */
export const STARTED = statesBetween("spawned", "running");

/**
 * True when the end of a main process is that of a script's start, or of one of several processes that this has left behind.
 * The process that a pid file names stands for all: others may outlive it, such as those of users who are logged in.
 */
export function mayHaveLeft({ isExpectMet, state, report }: Instance, exit: Exit): boolean {
  if (!isExpectMet) return isSuccess(exit);
  return STARTED.has(state) && report.script !== "named";
}

/** Another process of a script is followed in the place of its main process, which may have been all that serves. */
export function noteLoss(instance: Instance, exit: Exit): void {
  if (isScript(instance) && instance.isExpectMet && !isSuccess(exit)) instance.report.script = "partial";
}

/**
 * A script's stop cannot be run, for there is no such script any more. What its pid file names is ended as always; without
 * that, all that the script has left behind.
 */
export function loseScript(instance: Instance, process: InstanceProcess): void {
  if (!isScript(instance) || process !== "pre-stop" || instance.report.script === "named") return;
  instance.report.script = "orphaned";
}

/** True when this end of a main process, behind which nothing is left, is that of a script's start. */
export function endsStart(instance: Instance, exit: Exit): boolean {
  return isScript(instance) && instance.state === "spawned" && !instance.isExpectMet && isSuccess(exit);
}

/** What follows when the last process that a script had left behind ends by itself. */
export function outcomeOf(instance: Instance, exit: Exit): "stays" | "fails" | "no script's" {
  const { goal, state, job: { definition } } = instance;
  if (!isStartedScript(instance) || goal !== "start" || !STARTED.has(state)) return "no script's";
  if (definition.normalExit.some((normal) => sameExit(normal, exit))) return "no script's";
  // What works in the background for a while ends like that, and what the script has done is done.
  const isDaemon = definition.respawn || instance.report.script === "named";
  return isSuccess(exit) && !isDaemon ? "stays" : "fails";
}

/** The processes of a script have ended, and it stays up without. */
export function stayWithout(engine: EngineState, instance: Instance): void {
  instance.report.script = "gone";
  engine.log(
    "info",
    `${instance.displayName} has no processes any more, and stays up: they ended with success`,
  );
}

/** True for a script that is up without the processes that it had left behind: its start has something to do. */
export function hasLostProcesses({ goal, state, report }: Instance): boolean {
  return goal === "start" && state === "running" && report.script === "gone";
}

/**
 * True for a script that is up, has no process, and whose runlevel is entered from one that does not start it: rc runs its
 * start then, once for each such change, as of a script that ends what a runlevel is not to have.
 */
export function isStartedAnew(instance: Instance, events: readonly { name: string }[]): boolean {
  const { goal, state, job: { definition } } = instance;
  return isScript(instance) && goal === "start" && state === "running" &&
    definition.processes.main !== undefined &&
    instance.processes().length === 0 && events.some(({ name }) => name === RC_EVENTS.start);
}

/** True when the stop of a script ends what its start has left, as it should: that is nothing to be told of. */
export function isEndedByStop(instance: Instance, exit: Exit): boolean {
  const { goal, state, isExpectMet } = instance;
  if (!isScript(instance) || !isExpectMet || goal === "start") return false;
  return state === "pre-stop" || state === "killed" && !("signal" in exit && exit.signal === SIGKILL);
}

/** The failure of a script whose processes have ended. It is not up any more, so its stop has nothing to undo. */
export function lost(instance: Instance, pid: number, exit: Exit): FailureCause {
  instance.isExpectMet = false;
  const reason = `its processes are gone: the last one (${pid}) ${describeEnd(exit)}`;
  return { process: "main", exit, message: `${instance.displayName} is dead: ${reason}`, reason };
}

/** The meaning of a script's exit status, in parentheses behind a sentence; empty where there is none. */
export function meaningOf(instance: Instance, exit: Exit): string {
  const words = isScript(instance) && "status" in exit ? actionExitInWords(exit.status) : undefined;
  return words === undefined || isSuccess(exit) ? "" : ` (${words})`;
}
