/** What follows when a service tells something of itself (sd_notify(3)). */

import type { Notification } from "../../model/checks/notification.ts";
import { saidReady } from "../checks/checks.ts";
import type { EngineState } from "../engine_state.ts";
import type { Instance } from "../instance.ts";
import { statesBetween } from "../states.ts";
import type { InstanceTimerPurpose } from "../timers.ts";
import { setMain } from "./main_process.ts";
import { changeWatchdog, signOfLife, triggerWatchdog } from "./watchdog.ts";

/** An instance has told something of itself. */
export function notified(engine: EngineState, job: string, name: string, told: Notification): void {
  const instance = engine.jobs.get(job)?.instances.get(name);
  if (!instance) return;
  for (const [what, follow] of TOLD) {
    if (told[what] !== undefined) follow(engine, instance, told[what] as never);
  }
}

type FollowUps = {
  [What in keyof Notification]-?: (
    engine: EngineState,
    instance: Instance,
    value: NonNullable<Notification[What]>,
  ) => void;
};

const FOLLOW_UPS: FollowUps = {
  mainPid: changeMain,

  watchdogTime: changeWatchdog,

  extension: extendTimeouts,

  status(_engine, { report }, status) {
    report.status = status;
  },

  reloading: (engine, instance) => enterPhase(engine, instance, "reloading"),

  stopping: (engine, instance) => enterPhase(engine, instance, "stopping"),

  ready(engine, { job, name, report }) {
    report.phase = undefined;
    if (job.definition.ready?.kind === "notify") saidReady(engine, job.name, name);
  },

  watchdog: (engine, instance, what) => (what === "alive" ? signOfLife : triggerWatchdog)(engine, instance),
};

/** In the order in which the parts of one message count. */
const TOLD = Object.entries(FOLLOW_UPS) as Array<
  [keyof Notification, (engine: EngineState, instance: Instance, value: never) => void]
>;

function enterPhase(engine: EngineState, instance: Instance, phase: "reloading" | "stopping"): void {
  if (instance.report.phase === phase) return;
  instance.report.phase = phase;
  engine.log("info", `${instance.displayName} says that it is ${phase}`);
}

/** The states in which the number of the main process may change: its end is not what is waited for. */
const LIVES = statesBetween("spawned", "stopping");

/** Another process of the instance is the main process from now on. The one before may end, or go on beside it. */
function changeMain(engine: EngineState, instance: Instance, pid: number): void {
  const previous = instance.pids.get("main");
  if (previous === undefined || engine.processes.has(pid) || !LIVES.has(instance.state)) return;
  engine.log("info", `${instance.displayName} main process is now ${pid}, as it says`);
  setMain(engine, instance, pid);
}

/** The time limits that a service may put off. */
const EXTENDABLE: InstanceTimerPurpose[] = ["start-timeout", "pid-file", "kill-timeout"];

/** Has a running time limit end no earlier than in `time` ms. */
function extendTimeouts(engine: EngineState, instance: Instance, time: number): void {
  for (const purpose of EXTENDABLE) {
    const timer = instance.timers.get(purpose);
    if (timer && timer.deadline < engine.now + time) engine.setTimer(instance, purpose, time);
  }
}
