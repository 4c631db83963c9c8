/**
 * The bounds of hooks. One that nobody needs any more is told to end (SIGTERM to its process group), and killed after the
 * kill timeout. One that runs for long is told of, or ended where the stop of the job would otherwise hang.
 */

import type { InstanceProcess } from "../../model/job.ts";
import { SIGKILL, SIGTERM } from "../../model/signals.ts";
import type { EngineState } from "../engine_state.ts";
import type { Instance } from "../instance.ts";
import { fail } from "../outcome.ts";
import { inSeconds } from "./notes.ts";
import { finishesStart, isScript } from "../services/init_script.ts";

/** After this time (ms), a hook without any bound is told of. */
const LONG = 60_000;

/** How many of the events that wait for a hook a message names. */
const MOST_NAMED = 5;

/** The hooks of a stop. */
type StopHook = "pre-stop" | "post-stop";

function isStopHook(process: InstanceProcess): process is StopHook {
  return process === "pre-stop" || process === "post-stop";
}

/** True for a process that belongs to the start: its failure is one of the start. */
export function isStartHook(process: InstanceProcess): boolean {
  return process !== "main" && !isStopHook(process);
}

/** The hook that runs. There is one at most, as each has a state in which its end is awaited. */
function runningHook({ pids }: Instance): InstanceProcess | undefined {
  for (const process of pids.keys()) if (process !== "main") return process;
  return undefined;
}

/** True while a hook runs, or any process is being spawned. */
export function isBusy(instance: Instance): boolean {
  return instance.spawns.size > 0 || runningHook(instance) !== undefined;
}

/**
 * True when nobody needs a hook any more: one of the start, when the start is over before it is; a pre-stop without a main
 * process. Upstart lets all hooks finish.
 */
function isUnneeded(instance: Instance, hook: InstanceProcess): boolean {
  if (hook === "post-stop") return false;
  if (instance.isForced) return true;
  if (!instance.isRouse && !instance.isTimedOut) return false;
  return isStartHook(hook) ? instance.goal !== "start" : !instance.has("main");
}

/** Ends the hook that runs, if nobody needs it any more. */
export function abortUnneededHook(engine: EngineState, instance: Instance): void {
  const hook = runningHook(instance);
  if (hook && isUnneeded(instance, hook)) abort(engine, instance, hook, SIGTERM);
}

/** Kills the hook that runs, whichever it is. */
export function killHook(engine: EngineState, instance: Instance): void {
  const hook = runningHook(instance);
  if (hook) abort(engine, instance, hook, SIGKILL);
}

function abort(engine: EngineState, instance: Instance, hook: InstanceProcess, first: number): void {
  if (instance.abortedHook && first !== SIGKILL) return;
  const signal = instance.isForced ? SIGKILL : first;
  instance.abortedHook = hook;
  engine.clearTimer(instance, "hook-bound");
  engine.clearTimer(instance, "hook-kill");
  engine.signal(instance, hook, signal);
  if (signal === SIGKILL) return;
  engine.setTimer(instance, "hook-kill", instance.job.definition.killTimeout * 1000);
}

/** A hook runs. */
export function hookStarted(engine: EngineState, instance: Instance, hook: InstanceProcess): void {
  if (isUnneeded(instance, hook)) return abort(engine, instance, hook, SIGTERM);
  const { startTimeout } = instance.job.definition;
  if (isStartHook(hook) && startTimeout !== undefined) return;
  engine.setTimer(instance, "hook-bound", boundOf(instance, hook) ?? LONG);
}

/** An init script does its start. It is told of each minute. */
export function scriptBegun(engine: EngineState, instance: Instance): void {
  engine.setTimer(instance, "hook-bound", LONG);
}

/** How long a hook of a stop may run (ms); undefined: as long as it likes. */
function boundOf(instance: Instance, hook: InstanceProcess): number | undefined {
  const { killTimeout, startTimeout } = instance.job.definition;
  if (!isStopHook(hook)) return undefined;
  if (instance.isForced) return killTimeout * 1000;
  const isBounded = instance.isRouse || isScript(instance);
  return isBounded && startTimeout !== undefined ? startTimeout * 1000 : undefined;
}

/** A hook has ended. True when it was told to, so that its exit tells nothing. */
export function hookGone(engine: EngineState, instance: Instance): boolean {
  engine.clearTimer(instance, "hook-bound");
  engine.clearTimer(instance, "hook-kill");
  const wasAborted = instance.abortedHook !== undefined;
  instance.abortedHook = undefined;
  return wasAborted;
}

/** A hook has run for long: it is ended where it has a bound, else told of. */
export function hookRunsLong(engine: EngineState, instance: Instance): void {
  const hook = runningHook(instance) ?? (finishesStart(instance) ? "main" : undefined);
  if (!hook) return;
  const bound = boundOf(instance, hook);
  const who = instance.describe(hook, instance.pids.get(hook)!);
  if (bound !== undefined) {
    const message = `${who} has run for ${bound / 1000} s, ending it`;
    engine.log("warn", message);
    if (hook === "post-stop") fail(engine, instance, { process: hook, message });
    return abort(engine, instance, hook, SIGTERM);
  }
  const time = hook === "main" ? engine.now - instance.mainStartedAt : LONG;
  engine.log(
    "warn",
    `${who} has run for ${inSeconds(time)}, and ${whatWaits(instance, hook)} for its end; ` +
      `\`initctl stop --force ${instance.job.name}\` ends it`,
  );
  // A boot that hangs is told of until it goes on.
  if (hook === "main") engine.setTimer(instance, "hook-bound", LONG);
}

/** Whatever waits for a hook: the instance itself, and who waits for that. */
function whatWaits({ waiters, displayName }: Instance, hook: InstanceProcess): string {
  const events = waiters.flatMap((waiter) => "event" in waiter ? [`the event ${waiter.event.name}`] : []);
  const requests = waiters.length - events.length;
  const all = [
    `the ${isStopHook(hook) ? "stop" : "start"} of ${displayName}`,
    ...events.slice(0, MOST_NAMED),
    ...(events.length > MOST_NAMED ? ["other events"] : []),
    ...(requests > 0 ? [`${requests} request${requests === 1 ? "" : "s"}`] : []),
  ];
  const last = all.pop();
  return all.length === 0 ? `${last} waits` : `${all.join(", ")} and ${last} wait`;
}
