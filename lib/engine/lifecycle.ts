/**
 * The life cycle of an instance: changes of its goal, transitions to other states, and the events that it emits on the way.
 * The transitions are the table in states.ts, what each waits for is in waiting/waits.ts; processes.ts has the exits, and
 * outcome.ts has the answers to those who wait.
 */

import type { Cause } from "../model/insight/journal.ts";
import type { InstanceProcess } from "../model/job.ts";
import { SIGKILL } from "../model/signals.ts";
import { enteredState } from "./checks/checks.ts";
import { replaceDefinition } from "./definition_changes.ts";
import { goalChanged, instanceEnded, startDelayed, stateChanged } from "./dependencies/changes.ts";
import { undoneInOrder } from "./dependencies/wake.ts";
import { isHeldBack } from "./dependencies/holds.ts";
import { isHeld } from "./dependencies/phases.ts";
import { reasonOf } from "./dependencies/reasons.ts";
import type { EngineState } from "./engine_state.ts";
import type { Event } from "./events/event.ts";
import { emitJobEvent } from "./events/job_events.ts";
import { type FailureCause, Instance } from "./instance.ts";
import type { LoadedJob } from "./loaded_job.ts";
import { endsInit, fail, settleWaiters } from "./outcome.ts";
import {
  boundStart,
  finishesStart,
  hasLostProcesses,
  isScript,
  isStartedScript,
  isToBeUndone,
  UNDONE,
} from "./services/init_script.ts";
import { watchPidFile } from "./services/pid_file.ts";
import { watchState } from "./services/watchdog.ts";
import { type Goal, type State, STATES, statesBetween } from "./states.ts";
import { abortUnneededHook } from "./waiting/hook_bounds.ts";
import { endLeftovers } from "./waiting/leftovers.ts";
import { mustWait } from "./waiting/waits.ts";

/** Makes an instance of a job. Its state is `waiting`, its goal `stop`. */
export function createInstance(engine: EngineState, job: LoadedJob, name: string): Instance {
  const instance = new Instance(job, name);
  job.instances.set(name, instance);
  const { stopOn } = job.definition;
  if (stopOn) instance.stopOn = engine.subscribe(stopOn, { instance });
  engine.notice({ kind: "instance-added", job: job.name, instance: name });
  return instance;
}

/**
 * Changes the goal of an instance. In the states `waiting` and `running` it goes on at once. In any other state it goes
 * on when what it waits for has happened; but with the goal stop it does not wait until its main process is ready. With
 * rouse's own semantics it does not wait for the event `starting` either, and a hook that is in the way is ended. With the
 * goal stop, its stop condition is not needed any more, and releases its events. The goal start is `respawn` for an init
 * script whose own stop has begun: what that ends is not there any more.
 */
export function changeGoal(engine: EngineState, instance: Instance, goal: Goal, cause: Cause): void {
  if (goal === "stop") instance.stopOn?.reset();
  const isCalledOff = goal === "start" && instance.goal === "stop";
  const leadsToStop = isCalledOff && isScript(instance) && isInPreStop(instance);
  setGoal(engine, instance, leadsToStop ? "respawn" : goal, cause);
  if (isCalledOff) goOnAsStarted(engine, instance);
  if (instance.timers.has("start-delay")) endDelay(engine, instance);
  else if (goal === "stop" && instance.state === "starting" && isHeld(instance)) advance(engine, instance);
}

function setGoal(engine: EngineState, instance: Instance, goal: Goal, cause: Cause): void {
  if (instance.goal === goal) return;
  engine.log("info", `${instance.displayName} goal changed from ${instance.goal} to ${goal}`);
  instance.goal = goal;
  engine.notice({ kind: "goal-changed", job: instance.job.name, instance: instance.name, goal, cause });
  goalChanged(engine, instance);
  if (finishesStart(instance)) return boundStart(engine, instance);
  if (isToBeUndone(instance) && undoneInOrder(engine, instance)) return;
  if (LEAVES_AT_ONCE[goal].includes(instance.state)) return advance(engine, instance);
  if (goal === "stop" && instance.state === "starting" && instance.isRouse) return endBlock(engine, instance);
  abortUnneededHook(engine, instance);
}

/** The stop of an init script is called off that has not begun, since it waits for others: the script goes on where it was. */
function goOnAsStarted(engine: EngineState, instance: Instance): void {
  if (!UNDONE.includes(instance.state) || !isStartedScript(instance)) return;
  if (instance.state === "running") stayRunning(engine, instance);
  else if (!mustWait(instance)) advance(engine, instance);
}

/** Has an instance start. A script that is up, and whose processes are gone, does its start once more. */
export function begin(engine: EngineState, instance: Instance, cause: Cause): void {
  if (hasLostProcesses(instance)) startAnew(engine, instance);
  else changeGoal(engine, instance, "start", cause);
}

/** Has a script that is up without processes start once more. Its stop is not run before: there is nothing to end. */
export function startAnew(engine: EngineState, instance: Instance): void {
  jumpTo(engine, instance, "stopping");
}

/** Stops an instance, unless it is to stop anyway. Who waits for something else is answered. */
export function stop(engine: EngineState, instance: Instance, cause: Cause): void {
  if (instance.goal === "stop") return;
  instance.stopEnvironment = undefined;
  settleWaiters(engine, instance, false);
  changeGoal(engine, instance, "stop", cause);
}

/** Ends the wait for an event, or by dependencies, if there is one, and goes on. */
export function endBlock(engine: EngineState, instance: Instance): void {
  const { blocker } = instance;
  if (!blocker) return isHeld(instance) ? advance(engine, instance) : undefined;
  const index = blocker.waiters.findIndex((waiter) => "instance" in waiter && waiter.instance === instance);
  blocker.waiters.splice(index, 1);
  instance.blocker = undefined;
  advance(engine, instance);
}

/** The states that a change to a goal ends. */
const LEAVES_AT_ONCE: Record<Goal, State[]> = {
  start: ["waiting"],
  stop: ["running", "spawned"],
  respawn: ["spawned"],
};

/** Stops an instance and starts it again. A stop condition that is met in part stays so. */
export function restart(engine: EngineState, instance: Instance, cause: Cause): void {
  instance.nextStartAt = undefined;
  setGoal(engine, instance, "stop", cause);
  startAfterStop(engine, instance, cause);
}

/**
 * Has an instance with the goal stop start again once it has stopped. During a pre-stop the goal `respawn` makes sure that
 * the stop follows: the goal start would lead back to `running`. With rouse's own semantics the same holds for the hooks of
 * the start, which that stop has ended, and for an init script that finishes its start first, or waits before it stops.
 */
export function startAfterStop(engine: EngineState, instance: Instance, cause: Cause): void {
  const { state } = instance;
  const isStopFirst = isInPreStop(instance) || finishesStart(instance) || isToBeUndone(instance) ||
    instance.isRouse && STATES[state].respawn !== undefined;
  changeGoal(engine, instance, isStopFirst ? "respawn" : "start", cause);
}

function isInPreStop({ state }: Instance): boolean {
  return state === "pre-stopping" || state === "pre-stop";
}

/** Enters the next state, and those behind it, until the instance has to wait for something. */
export function advance(engine: EngineState, instance: Instance): void {
  do {
    const next = nextState(engine, instance);
    if (next === "starting" && delayStart(engine, instance)) return startDelayed(engine, instance);
    if (isHeldBack(engine, instance)) return;
    enter(engine, instance, next);
  } while (!mustWait(instance));
}

/** Delays a start that is not allowed yet: sets the timer, and the instance stays in `post-stop`. False when it is allowed. */
function delayStart(engine: EngineState, instance: Instance): boolean {
  const { nextStartAt = -Infinity } = instance;
  instance.nextStartAt = undefined;
  if (nextStartAt <= engine.now) return false;
  engine.setTimer(instance, "start-delay", nextStartAt - engine.now);
  return true;
}

/** Ends the delay of a start. */
export function endDelay(engine: EngineState, instance: Instance): void {
  engine.clearTimer(instance, "start-delay");
  advance(engine, instance);
}

/** Goes on when the state waits for this process, which has been spawned or has ended. */
export function advanceAfter(engine: EngineState, instance: Instance, process: InstanceProcess): void {
  const { spawns, awaits } = STATES[instance.state];
  if (spawns === process || awaits === process) advance(engine, instance);
}

/** Goes on from `spawned` when the instance has nothing to wait for there any more. */
export function leaveSpawned(engine: EngineState, instance: Instance): void {
  if (instance.state !== "spawned") return;
  // A script whose start has ended just now, and that is to stop, need not get ready before.
  if (isToBeUndone(instance) || !mustWait(instance)) advance(engine, instance);
}

/** Enters a state that is not the table's next one, and goes on from there. */
export function jumpTo(engine: EngineState, instance: Instance, state: State): void {
  enter(engine, instance, state);
  if (!mustWait(instance)) advance(engine, instance);
}

/** Has an instance be up that was at rest, whose main process runs already. */
export function standUp(engine: EngineState, instance: Instance): void {
  const { job: { name: job }, name } = instance, goal = instance.goal = "start";
  engine.notice({ kind: "goal-changed", job, instance: name, goal, cause: { by: "init" } });
  goalChanged(engine, instance);
  instance.upSince = engine.now;
  enter(engine, instance, "running");
}

function nextState(engine: EngineState, instance: Instance): State {
  const row = STATES[instance.state];
  if (isToBeUndone(instance)) return "pre-stopping";
  if (instance.goal === "respawn") {
    const next = row.respawn ?? row.start;
    if (next === "stopping") setGoal(engine, instance, "start", { by: "respawn" });
    return next;
  }
  if (instance.state === "running" && instance.goal === "stop") {
    if (instance.isForced || !instance.pids.has("main") && !isStartedScript(instance)) return "stopping";
  }
  const next = row[instance.goal];
  return next === "running" && hasLostMain(instance) ? "stopping" : next;
}

/** True when the main process has ended, and a start that came later, while a hook still ran, cannot go on with it. */
function hasLostMain(instance: Instance): boolean {
  const { job, pids } = instance;
  return job.definition.processes.main !== undefined && !pids.has("main") && !isStartedScript(instance);
}

/** From these an instance is up as it was before: its stop was called off, or it was adopted. */
const WAS_UP = new Set<State>(["pre-stop", "waiting"]);

/** From before the main process is there to when nothing is expected of it any more. */
const WITH_MAIN = statesBetween("spawning", "stopping");

function enter(engine: EngineState, instance: Instance, state: State): void {
  const previous = instance.state;
  engine.log("info", `${instance.displayName} state changed from ${previous} to ${state}`);
  instance.state = state;
  engine.notice({ kind: "state-changed", job: instance.job.name, instance: instance.name, state });
  stateChanged(engine, instance, previous);
  if (WITH_MAIN.has(state)) {
    enteredState(engine, instance);
    watchState(engine, instance);
    if (state !== "spawned") watchPidFile(engine, instance);
  }
  if (state === "running" && WAS_UP.has(previous)) return stayRunning(engine, instance);
  ON_ENTRY[state]?.(engine, instance);
  const row = STATES[state];
  if (row.event) {
    const event = emitJobEvent(engine, instance, row.event);
    if (row.waitsForEvent && !instance.isForced) block(instance, event);
  }
  if (row.spawns && hasProcess(instance, row.spawns)) {
    const onTheWayDown = row.spawns === "pre-stop" || row.spawns === "post-stop";
    engine.spawn(instance, row.spawns, onTheWayDown ? instance.stopEnvironment ?? [] : []);
  }
  if (state === "running" && !instance.job.definition.task) settleWaiters(engine, instance, false);
  if (state === "waiting") remove(engine, instance);
}

function hasProcess(instance: Instance, process: InstanceProcess): boolean {
  const { processes, apparmorLoad } = instance.job.definition;
  return process === "security" ? apparmorLoad !== undefined : processes[process] !== undefined;
}

/** What entry into a state does beyond the state's row in the table. */
const ON_ENTRY: Partial<Record<State, (engine: EngineState, instance: Instance) => void>> = {
  starting(_engine, instance) {
    instance.environment = instance.startEnvironment ?? instance.environment;
    instance.startEnvironment = undefined;
    instance.stopEnvironment = undefined;
    instance.failure = undefined;
    instance.lastExit = undefined;
    instance.isDone = false;
    instance.endsInit = false;
    instance.upSince = undefined;
    instance.isTimedOut = false;
    instance.isForced = false;
    instance.isForgotten = false;
  },
  "security-spawning"(engine, instance) {
    const { startTimeout } = instance.job.definition;
    if (startTimeout !== undefined) engine.setTimer(instance, "start-timeout", startTimeout * 1000);
  },
  spawned(engine, instance) {
    const { killTimeout } = instance.job.definition;
    instance.forks = 0;
    instance.isExpectMet = false;
    watchPidFile(engine, instance);
    if (
      instance.expectedForks > 0 && instance.job.definition.pidFile === undefined && instance.pids.has("main")
    ) {
      engine.setTimer(instance, "fork-bound", killTimeout * 1000);
    }
  },
  running(engine, instance) {
    engine.clearTimer(instance, "start-timeout");
    instance.upSince = engine.now;
  },
  "pre-stopping": (engine, instance) => engine.clearTimer(instance, "left-behind"),
  stopping(engine, instance) {
    engine.clearTimer(instance, "start-timeout");
    engine.clearTimer(instance, "left-behind");
  },
  killed(engine, instance) {
    if (!instance.pids.has("main")) return endLeftovers(engine, instance);
    endMain(engine, instance);
  },
};

/** Asks the main process to end, and sets the time limit for it. */
export function endMain(engine: EngineState, instance: Instance): void {
  const { killSignal, killTimeout } = instance.job.definition;
  engine.signal(instance, "main", instance.isForced ? SIGKILL : killSignal);
  engine.clearTimer(instance, "fork-bound");
  if (!instance.isForced) engine.setTimer(instance, "kill-timeout", killTimeout * 1000);
}

/** The stop is called off, in Upstart by a pre-stop that has called `start`; whoever waited for it is answered. */
function stayRunning(engine: EngineState, instance: Instance): void {
  instance.stopEnvironment = undefined;
  settleWaiters(engine, instance, false);
}

/** Removes an instance that has entered `waiting`. */
function remove(engine: EngineState, instance: Instance): void {
  const { job } = instance;
  settleWaiters(engine, instance, false);
  engine.unsubscribe(instance.stopOn);
  job.instances.delete(instance.name);
  instanceEnded(engine, instance);
  engine.notice({
    kind: "instance-removed",
    job: job.name,
    instance: instance.name,
    exit: instance.result,
    ...(endsInit(instance) && { endsInit: true }),
  });
  if (job.instances.size === 0 && job.pendingDefinition) {
    replaceDefinition(engine, job, job.pendingDefinition.definition);
  }
}

/** Has an instance wait until an event is finished. */
function block(instance: Instance, event: Event): void {
  event.waiters.push({ instance });
  instance.blocker = event;
}

/** A run has failed, and ends. */
export function failAndStop(engine: EngineState, instance: Instance, failure: FailureCause): void {
  fail(engine, instance, failure);
  stopFailed(engine, instance, failure);
}

/** Stops an instance because it has failed, or because its main process has ended. */
export function stopFailed(engine: EngineState, instance: Instance, failure: FailureCause): void {
  const isEnd = failure.process === "main" && failure.exit !== undefined;
  changeGoal(engine, instance, "stop", isEnd ? { by: "exit" } : { by: "failure", reason: reasonOf(failure) });
}
