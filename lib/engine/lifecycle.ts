/**
 * How an instance lives: its goal, the states that it enters, what it tells others on the way. The order of
 * states is the table in states.ts; what its processes do to it is in processes.ts.
 */

import { Environment } from "../model/environment.ts";
import type { InstanceProcess } from "../model/job.ts";
import { signalName } from "../model/signals.ts";
import { type Failure, Instance } from "./instance.ts";
import type { Job } from "./job.ts";
import { replaceDefinition } from "./jobs.ts";
import type { Machine } from "./machine.ts";
import { type Goal, type State, STATES } from "./states.ts";

/** Makes an instance of a job; it waits for a goal. */
export function createInstance(machine: Machine, job: Job, name: string): Instance {
  const instance = new Instance(job, name);
  job.instances.set(name, instance);
  const { stopOn } = job.definition;
  if (stopOn) instance.stopOn = machine.listen(stopOn, { instance });
  machine.notice({ kind: "instance-added", job: job.name, instance: name });
  return instance;
}

/**
 * Gives an instance another goal. At rest (waiting, running) it sets out at once; in any other state it goes
 * the other way when what it waits for is over. A main process that is not ready need not get ready any more.
 * With the goal stop, its stop condition is of no more use: the events that it holds are let go.
 */
export function changeGoal(machine: Machine, instance: Instance, goal: Goal): void {
  if (goal === "stop") instance.stopOn?.reset();
  setGoal(machine, instance, goal);
}

function setGoal(machine: Machine, instance: Instance, goal: Goal): void {
  if (instance.goal === goal) return;
  machine.log("info", `${instance.displayName} goal changed from ${instance.goal} to ${goal}`);
  instance.goal = goal;
  machine.notice({ kind: "goal-changed", job: instance.job.name, instance: instance.name, goal });
  if (SETS_OUT[goal].includes(instance.state)) advance(machine, instance);
}

const SETS_OUT: Record<Goal, State[]> = { start: ["waiting"], stop: ["running", "spawned"], respawn: [] };

/**
 * Stops and starts again; half of a stop condition that has been met stays met. A pre-stop that is under way is
 * followed by the stop all the same.
 */
export function restart(machine: Machine, instance: Instance): void {
  setGoal(machine, instance, "stop");
  const inPreStop = instance.state === "pre-stopping" || instance.state === "pre-stop";
  changeGoal(machine, instance, inPreStop ? "respawn" : "start");
}

/** Answers all who wait for an instance: it is where it was to be, or it failed. */
export function finish(machine: Machine, instance: Instance, failed: boolean): void {
  const pending = instance.pending;
  instance.pending = [];
  for (const waiting of pending) {
    if ("event" in waiting) {
      if (failed) waiting.event.failed = true;
      machine.release(waiting.event);
    } else {
      machine.effect({
        kind: "answer",
        request: waiting.request,
        instance: instance.name,
        ...(failed && { error: { name: "JobFailed" as const, message: FAILED[waiting.action] } }),
      });
    }
  }
}

const FAILED = {
  start: "Job failed to start",
  stop: "Job failed while stopping",
  restart: "Job failed to restart",
};

/** Goes on to the next state, and further until the instance has to wait for something. */
export function advance(machine: Machine, instance: Instance): void {
  do {
    enter(machine, instance, nextState(machine, instance));
  } while (!rests(instance));
}

/** Leaves the present state for another than the table's next one, and goes on from there. */
export function divert(machine: Machine, instance: Instance, state: State): void {
  enter(machine, instance, state);
  if (!rests(instance)) advance(machine, instance);
}

function nextState(machine: Machine, instance: Instance): State {
  const row = STATES[instance.state];
  if (instance.goal === "respawn") {
    const next = row.respawn ?? row.start;
    if (next === "stopping") changeGoal(machine, instance, "start");
    return next;
  }
  if (instance.state === "running" && instance.goal === "stop" && !instance.pids.has("main")) {
    return "stopping";
  }
  return row[instance.goal];
}

/** True when the instance has to wait in its state. */
function rests(instance: Instance): boolean {
  const { state, goal } = instance;
  if (state === "waiting") return true;
  if (state === "running") return goal === "start";
  if (state === "spawned") return instance.pids.has("main") && instance.job.definition.expect !== "none";
  const { awaits } = STATES[state];
  return instance.blocker !== undefined || instance.spawning !== undefined ||
    (awaits !== undefined && instance.pids.has(awaits));
}

function enter(machine: Machine, instance: Instance, state: State): void {
  const previous = instance.state;
  machine.log("info", `${instance.displayName} state changed from ${previous} to ${state}`);
  instance.state = state;
  machine.notice({ kind: "state-changed", job: instance.job.name, instance: instance.name, state });
  if (state === "running" && previous === "pre-stop") return stayRunning(machine, instance);
  ON_ENTRY[state]?.(machine, instance);
  const row = STATES[state];
  if (row.event) emitOwnEvent(machine, instance, row.event, row.waitsForEvent ?? false);
  if (row.spawns && hasProcess(instance, row.spawns)) {
    const onTheWayDown = row.spawns === "pre-stop" || row.spawns === "post-stop";
    machine.spawn(instance, row.spawns, onTheWayDown ? instance.stopEnvironment ?? [] : []);
  }
  if (state === "running" && !instance.job.definition.task) finish(machine, instance, false);
  if (state === "waiting") remove(machine, instance);
}

function hasProcess(instance: Instance, process: InstanceProcess): boolean {
  const { processes, apparmorLoad } = instance.job.definition;
  return process === "security" ? apparmorLoad !== undefined : processes[process] !== undefined;
}

/** What entering a state means beyond its row in the table. */
const ON_ENTRY: Partial<Record<State, (machine: Machine, instance: Instance) => void>> = {
  starting(_machine, instance) {
    instance.environment = instance.startEnvironment ?? instance.environment;
    instance.startEnvironment = undefined;
    instance.stopEnvironment = undefined;
    instance.failure = undefined;
    instance.lastExit = undefined;
  },
  spawned(machine, instance) {
    const { killTimeout } = instance.job.definition;
    instance.forks = 0;
    if (instance.expectedForks > 0 && instance.pids.has("main")) {
      machine.setTimer(instance, killTimeout * 1000);
    }
  },
  killed(machine, instance) {
    const pid = instance.pids.get("main");
    if (pid === undefined) return;
    const { killSignal, killTimeout } = instance.job.definition;
    machine.log(
      "info",
      `Sending ${signalName(killSignal) ?? killSignal} signal to ${instance.describe("main", pid)}`,
    );
    machine.kill(pid, killSignal, true);
    machine.setTimer(instance, killTimeout * 1000);
  },
};

/** A pre-stop that called `start`: the stop is off, and whoever waited for it is answered. */
function stayRunning(machine: Machine, instance: Instance): void {
  instance.stopEnvironment = undefined;
  finish(machine, instance, false);
}

/** The instance has come to its end. */
function remove(machine: Machine, instance: Instance): void {
  const { job } = instance;
  finish(machine, instance, false);
  machine.deafen(instance.stopOn);
  job.instances.delete(instance.name);
  machine.notice({ kind: "instance-removed", job: job.name, instance: instance.name, exit: instance.result });
  if (job.instances.size === 0 && job.successor) replaceDefinition(machine, job, job.successor.definition);
}

function emitOwnEvent(machine: Machine, instance: Instance, name: string, blocks: boolean): void {
  const { job } = instance;
  const variables = new Environment([["JOB", job.name], ["INSTANCE", instance.name]]);
  if (name === "stopping" || name === "stopped") describeResult(variables, instance.failure);
  for (const key of job.definition.export) {
    const value = instance.environment.get(key);
    if (value !== undefined && !variables.has(key)) variables.set(key, value);
  }
  const event = machine.emit(name, variables, blocks ? { instance } : undefined);
  if (blocks) instance.blocker = event;
}

/** RESULT, PROCESS, EXIT_STATUS and EXIT_SIGNAL as in stopping(7) and stopped(7). */
function describeResult(variables: Environment, failure: Failure | undefined): void {
  variables.set("RESULT", failure ? "failed" : "ok");
  if (!failure) return;
  variables.set("PROCESS", failure.process);
  const { exit } = failure;
  if (!exit) return;
  if ("status" in exit) variables.set("EXIT_STATUS", String(exit.status));
  else variables.set("EXIT_SIGNAL", signalName(exit.signal) ?? String(exit.signal));
}

/** Notes the first failure of a run and tells all who wait. */
export function fail(machine: Machine, instance: Instance, failure: Failure): void {
  if (instance.failure) return;
  instance.failure = failure;
  machine.notice({
    kind: "failed",
    job: instance.job.name,
    instance: instance.name,
    status: statusOf(failure),
  });
  finish(machine, instance, true);
}

/** The failure as the one number that D-Bus clients get. */
function statusOf({ process, exit }: Failure): number {
  if (!exit) return process === "respawn" ? 0 : -1;
  return "status" in exit ? exit.status : exit.signal * 256;
}
