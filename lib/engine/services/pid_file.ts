/**
 * Services that are known by a pid file (`pid file`): the program that is run forks and ends, and the process that the file
 * names is the main process.
 */

import { type Exit, isSuccess } from "../../model/exit.ts";
import { expand, ExpansionError } from "../../model/expand.ts";
import type { EngineState } from "../engine_state.ts";
import type { Instance } from "../instance.ts";
import { leaveSpawned } from "../lifecycle.ts";
import { timedOut } from "../waiting/respawn.ts";
import { isScript, isStartedScript, STARTED } from "./init_script.ts";
import { setMain } from "./main_process.ts";
import { awaitsPidFile, isKnownByPidFile } from "./self_report.ts";

/** How long the file is waited for at most, in seconds, where the job does not say how long its start may take. */
const LONGEST_WAIT = 90;

/** The longest path, in characters. */
const LONGEST_PATH = 4096;

/** True for the end of a program that has left a service behind, whose number the file is to tell. */
export function leavesService(instance: Instance, exit: Exit): boolean {
  return awaitsPidFile(instance) && isSuccess(exit);
}

/** Begins or ends the search, as the state that was entered says. */
export function watchPidFile(engine: EngineState, instance: Instance): void {
  const { definition } = instance.job, { startTimeout } = definition;
  if (isScript(instance) && !STARTED.has(instance.state)) return endLook(engine, instance);
  if (!isKnownByPidFile(definition)) return;
  if (instance.state !== "spawned") return endWatch(engine, instance);
  const main = instance.pids.get("main");
  if (main === undefined) return;
  if (startTimeout === undefined) engine.setTimer(instance, "pid-file", LONGEST_WAIT * 1000);
  instance.report.awaits = `its pid file${awaitPidFile(engine, instance, main)}`;
}

/** Has init look at the file until it names a process. Returns its path behind a blank, or why there is none. */
function awaitPidFile(engine: EngineState, instance: Instance, main: number): string {
  const { definition: { pidFile = "", setuid }, name: job } = instance.job;
  let path: string;
  try {
    path = expand(pidFile, instance.environment, LONGEST_PATH);
  } catch (error) {
    if (!(error instanceof ExpansionError)) throw error;
    return `: ${error.message}`;
  }
  engine.effect({
    kind: "await-pid-file",
    job,
    instance: instance.name,
    path,
    main,
    ...(setuid !== undefined && { user: setuid }),
  });
  return ` ${path}`;
}

/** How long the pid file of an init script is looked at when its start has ended, in ms. A daemon may write it after that. */
const LONGEST_LOOK = 10_000;

/** The start of an init script has ended. Its pid file, if it names one, tells which process its service is. */
export function lookForNamed(engine: EngineState, instance: Instance): void {
  const [script] = instance.leaders;
  if (instance.job.definition.pidFile === undefined || script === undefined) return;
  awaitPidFile(engine, instance, script);
  engine.setTimer(instance, "pid-file", LONGEST_LOOK);
}

function endLook(engine: EngineState, instance: Instance): void {
  if (!instance.timers.has("pid-file")) return;
  engine.clearTimer(instance, "pid-file");
  forget(engine, instance);
}

function forget(engine: EngineState, instance: Instance): void {
  engine.effect({ kind: "forget-pid-file", job: instance.job.name, instance: instance.name });
}

/** The file of an init script names the process that stands for its service. */
function scriptNamed(engine: EngineState, instance: Instance, pid: number, session: number): void {
  if (!isStartedScript(instance) || !STARTED.has(instance.state)) return;
  endLook(engine, instance);
  instance.report.script = "named";
  if (instance.pids.get("main") !== pid) becomeMain(engine, instance, pid, session);
}

function becomeMain(engine: EngineState, instance: Instance, pid: number, session: number): void {
  engine.log("info", `${instance.displayName} main process is now ${pid}, as its pid file says`);
  setMain(engine, instance, pid);
  instance.leaders.push(session);
}

function endWatch(engine: EngineState, instance: Instance): void {
  if (instance.report.awaits === undefined) return;
  instance.report.awaits = undefined;
  engine.clearTimer(instance, "pid-file");
  forget(engine, instance);
}

/** The file names a process that is believed, of this session. */
export function pidFileNames(
  engine: EngineState,
  job: string,
  name: string,
  { pid, session }: { pid: number; session: number },
): void {
  const instance = engine.jobs.get(job)?.instances.get(name);
  const known = engine.processes.get(pid);
  if (!instance || known && known.instance !== instance) return;
  if (isScript(instance)) return scriptNamed(engine, instance, pid, session);
  if (!awaitsPidFile(instance)) return;
  if (instance.pids.get("main") !== pid) becomeMain(engine, instance, pid, session);
  instance.isExpectMet = true;
  endWatch(engine, instance);
  leaveSpawned(engine, instance);
}

/** The file is not there yet, or is not believed. */
export function pidFileRefused(engine: EngineState, job: string, name: string, reason: string): void {
  const instance = engine.jobs.get(job)?.instances.get(name);
  if (!instance || !awaitsPidFile(instance)) return;
  instance.report.awaits = reason;
}

/** The file has been waited for too long. */
export function missedPidFile(engine: EngineState, instance: Instance): void {
  if (isScript(instance)) return forget(engine, instance);
  if (!awaitsPidFile(instance)) return;
  const message = `${instance.displayName} is not up after ${LONGEST_WAIT} s: ${instance.report.awaits}`;
  timedOut(engine, instance, message);
}
