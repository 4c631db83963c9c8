/**
 * What becomes of an instance when its processes start, fail to, stop, fork and end. The meaning of exits follows
 * init(5) and was checked against Upstart 1.13.
 */

import { type Exit, isSuccess, sameExit } from "../model/exit.ts";
import type { InstanceProcess } from "../model/job.ts";
import { SIGCONT, SIGKILL, signalName, SIGSTOP } from "../model/signals.ts";
import type { Successor } from "./effects.ts";
import type { Instance } from "./instance.ts";
import { advance, changeGoal, divert, fail } from "./lifecycle.ts";
import type { Machine } from "./machine.ts";

/** A process asked for with {@link Machine.spawn} runs. */
export function processSpawned(
  machine: Machine,
  instance: Instance,
  process: InstanceProcess,
  pid: number,
): void {
  instance.spawning = undefined;
  machine.log("info", instance.describe(process, pid));
  instance.pids.set(process, pid);
  machine.processes.set(pid, { instance, name: process });
  advance(machine, instance);
}

/** A process could not be spawned. As with its exit, post-start and pre-stop do not count. */
export function spawnFailed(
  machine: Machine,
  instance: Instance,
  process: InstanceProcess,
  reason: string,
  status = 126,
): void {
  instance.spawning = undefined;
  machine.log("warn", `Failed to spawn ${instance.displayName} ${process} process: ${reason}`);
  if (process !== "post-start" && process !== "pre-stop") {
    instance.lastExit = { status };
    fail(machine, instance, { process });
    changeGoal(machine, instance, "stop");
  }
  advance(machine, instance);
}

/** A process has ended. `successor`: the descendant that lives on in place of a main process that forks. */
export function processEnded(
  machine: Machine,
  instance: Instance,
  process: InstanceProcess,
  exit: Exit,
  successor: Successor | undefined,
): void {
  const pid = instance.pids.get(process) ?? 0;
  machine.processes.delete(pid);
  instance.pids.delete(process);
  if (successor !== undefined && isSuccess(exit)) return followed(machine, instance, successor);
  logExit(machine, instance, process, pid, exit);
  ON_EXIT[process](machine, instance, exit);
}

/** A process was not needed after all. */
export function spawnSkipped(machine: Machine, instance: Instance): void {
  instance.spawning = undefined;
  advance(machine, instance);
}

const ON_EXIT: Record<InstanceProcess, (machine: Machine, instance: Instance, exit: Exit) => void> = {
  "main": mainEnded,
  "security": hookEnded("security"),
  "pre-start": hookEnded("pre-start"),
  "post-stop": hookEnded("post-stop"),
  // Nothing can be done about a post-start or pre-stop that fails, so it does not count.
  "post-start": advance,
  "pre-stop": advance,
};

function hookEnded(process: InstanceProcess) {
  return (machine: Machine, instance: Instance, exit: Exit) => {
    if (!isSuccess(exit)) {
      fail(machine, instance, { process, exit });
      changeGoal(machine, instance, "stop");
    }
    advance(machine, instance);
  };
}

function mainEnded(machine: Machine, instance: Instance, exit: Exit): void {
  machine.clearTimer(instance);
  instance.lastExit = exit;
  // Ending when told to is no failure, and the goal may be to start again.
  if (instance.state === "killed") return advance(machine, instance);
  if (instance.state === "stopping") return;
  const hookRuns = instance.spawning !== undefined || instance.pids.has("post-start") ||
    instance.pids.has("pre-stop");
  if (instance.goal === "start" && isFailure(instance, exit)) {
    if (instance.job.definition.respawn && !machine.stopping) {
      if (mayRespawn(machine, instance)) return respawn(machine, instance, hookRuns);
      machine.log("warn", `${instance.displayName} respawning too fast, stopped`);
      fail(machine, instance, { process: "respawn" });
    } else fail(machine, instance, { process: "main", exit });
  }
  if (instance.goal === "stop") {
    if (!hookRuns) advance(machine, instance);
  } else changeGoal(machine, instance, "stop");
}

/** A service that respawns fails by ending at all; others by ending badly. `normal exit` excuses either. */
function isFailure(instance: Instance, exit: Exit): boolean {
  const { respawn, task, normalExit } = instance.job.definition;
  if (isSuccess(exit) && !(respawn && !task)) return false;
  return !normalExit.some((normal) => sameExit(normal, exit));
}

/** Counts a respawn, and tells whether it is within `respawn limit`. */
function mayRespawn(machine: Machine, instance: Instance): boolean {
  const limit = instance.job.definition.respawnLimit;
  if (limit === "unlimited" || limit.count === 0 || limit.interval === 0) return true;
  if (machine.now - instance.respawnsSince < limit.interval * 1000) {
    return ++instance.respawns <= limit.count;
  }
  instance.respawnsSince = machine.now;
  instance.respawns = 1;
  return true;
}

function respawn(machine: Machine, instance: Instance, hookRuns: boolean): void {
  machine.log("warn", `${instance.displayName} main process ended, respawning`);
  if (hookRuns) changeGoal(machine, instance, "respawn");
  else divert(machine, instance, "stopping");
}

/** The main process has forked and gone: its child is the main process now (`expect fork`, `expect daemon`). */
function followed(machine: Machine, instance: Instance, { pid, forks }: Successor): void {
  instance.pids.set("main", pid);
  machine.processes.set(pid, { instance, name: "main" });
  instance.followUntil = machine.now + instance.job.definition.killTimeout * 1000;
  if (instance.state !== "spawned") {
    instance.forks++;
    machine.log(
      "warn",
      `${instance.displayName} main process forked again, following ${pid} (${instance.note})`,
    );
    return;
  }
  // More than one fork at a time shows by the session, which the first process led, and later ones need not.
  instance.forks += instance.forks === 0 ? forks : 1;
  if (instance.forks < instance.expectedForks) return;
  machine.clearTimer(instance);
  advance(machine, instance);
}

/**
 * True when a main process that ends may have left a successor behind: while a fork is expected, and for as
 * long as the kill timeout after the last one, in case the program forks once more than its job says.
 */
export function follows(instance: Instance, now: number): boolean {
  const { expect } = instance.job.definition;
  if (expect !== "fork" && expect !== "daemon" || instance.state === "killed") return false;
  return instance.state === "spawned" || (instance.goal === "start" && now < instance.followUntil);
}

/** A process was stopped by a signal: with `expect stop`, main says that it is ready, and is continued. */
export function processStopped(
  machine: Machine,
  instance: Instance,
  process: InstanceProcess,
  signal: number,
): void {
  const pid = instance.pids.get(process) ?? 0;
  if (signal !== SIGSTOP || process !== "main") return;
  if (instance.state !== "spawned" || instance.job.definition.expect !== "stop") return;
  machine.kill(pid, SIGCONT, false);
  advance(machine, instance);
}

/** The instance's timer has run out: the main process gets SIGKILL, or is taken as it is. */
export function timeOut(machine: Machine, instance: Instance): void {
  instance.timer = undefined;
  const pid = instance.pids.get("main");
  if (pid === undefined) return;
  if (instance.state === "killed") {
    machine.log("info", `Sending KILL signal to ${instance.describe("main", pid)}`);
    machine.kill(pid, SIGKILL, true);
  } else if (instance.state === "spawned") {
    const { expect, killTimeout } = instance.job.definition;
    machine.log(
      "warn",
      `${instance.displayName} main process (${pid}) did not fork as often as \`expect ${expect}\` says in ` +
        `${killTimeout} s (${instance.forks} of ${instance.expectedForks}), taking it for the service`,
    );
    instance.followUntil = machine.now + killTimeout * 1000;
    advance(machine, instance);
  }
}

function logExit(
  machine: Machine,
  instance: Instance,
  process: InstanceProcess,
  pid: number,
  exit: Exit,
): void {
  const who = instance.describe(process, pid);
  if (isSuccess(exit)) return machine.log("info", `${who} exited normally`);
  // Upstart compares the bare number: `normal exit 15` silences TERM's message, `normal exit TERM` does not.
  const number = "signal" in exit ? exit.signal : exit.status;
  const isExpected = instance.job.definition.normalExit.some((normal) =>
    sameExit(normal, { status: number })
  );
  const name = signalName(number);
  const how = "status" in exit
    ? `terminated with status ${number}`
    : `killed by ${name ? `${name} signal` : `signal ${number}`}`;
  // Init's own exit status tells it of the job that it ends with.
  const isTold = instance.job.definition.endsInit ?? false;
  machine.log(isExpected || isTold ? "info" : "warn", `${who} ${how}`);
}
