/**
 * The watchdog (sd_notify(3), `WATCHDOG=1`): a service that has given no sign of life for too long gets SIGABRT, and
 * SIGKILL when that does not end it. What follows is what follows from the end of its main process.
 */

import { SIGABRT, SIGKILL } from "../../model/signals.ts";
import { becameUnhealthy } from "../checks/health.ts";
import type { EngineState } from "../engine_state.ts";
import type { Instance } from "../instance.ts";
import { statesBetween } from "../states.ts";

/** The states in which signs of life are expected. */
const WATCHED = statesBetween("post-starting", "pre-stop");

/** How long an instance may be without a sign of life (ms); undefined when none is expected. */
function watchdogTime({ job, report }: Instance): number | undefined {
  const { watchdog = 0 } = job.definition;
  return report.watchdogTime ?? (watchdog > 0 ? watchdog * 1000 : undefined);
}

/** Begins or ends the watch, as the state that was entered says. */
export function watchState(engine: EngineState, instance: Instance): void {
  switch (instance.state) {
    case "spawning":
      return instance.report.clear();
    case "post-starting":
      return signOfLife(engine, instance);
    case "stopping":
      engine.clearTimer(instance, "watchdog");
      engine.clearTimer(instance, "watchdog-kill");
  }
}

/** The service lives. It has its whole time again, unless it is being ended. */
export function signOfLife(engine: EngineState, instance: Instance): void {
  const time = watchdogTime(instance);
  if (time === undefined || !WATCHED.has(instance.state) || instance.timers.has("watchdog-kill")) return;
  engine.setTimer(instance, "watchdog", time);
}

/** The service sets the time itself. */
export function changeWatchdog(engine: EngineState, instance: Instance, time: number): void {
  instance.report.watchdogTime = time;
  signOfLife(engine, instance);
}

/** The time is over. */
export function missedWatchdog(engine: EngineState, instance: Instance): void {
  abort(engine, instance, `no sign of life for ${(watchdogTime(instance) ?? 0) / 1000} s`);
}

/** The service wants to be treated as if the time were over. */
export function triggerWatchdog(engine: EngineState, instance: Instance): void {
  abort(engine, instance, "it says so itself (WATCHDOG=trigger)");
}

function abort(engine: EngineState, instance: Instance, reason: string): void {
  const { job, timers, state } = instance;
  if (!instance.pids.has("main") || !WATCHED.has(state) || timers.has("watchdog-kill")) return;
  engine.clearTimer(instance, "watchdog");
  becameUnhealthy(engine, instance, "watchdog", reason, "event");
  engine.signal(instance, "main", SIGABRT, "warn");
  engine.setTimer(instance, "watchdog-kill", job.definition.killTimeout * 1000);
}

/** The service has survived SIGABRT. */
export function endMissed(engine: EngineState, instance: Instance): void {
  engine.signal(instance, "main", SIGKILL, "warn");
}
