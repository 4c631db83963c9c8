/**
 * Services that are known by a pid file (`pid file`): the program that is run forks and ends, and the process that the file
 * names is the main process.
 */

import { type Exit, isSuccess } from "../../model/exit.ts";
import { expand, ExpansionError } from "../../model/expand.ts";
import type { EngineState } from "../engine_state.ts";
import type { Instance } from "../instance.ts";
import { leaveSpawned } from "../lifecycle.ts";
import { timedOut } from "../respawn.ts";
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
  const { definition: { pidFile, setuid, startTimeout }, name: job } = instance.job;
  if (pidFile === undefined || !isKnownByPidFile(instance.job.definition)) return;
  if (instance.state !== "spawned") return endWatch(engine, instance);
  const main = instance.pids.get("main");
  if (main === undefined) return;
  if (startTimeout === undefined) engine.setTimer(instance, "pid-file", LONGEST_WAIT * 1000);
  try {
    const path = expand(pidFile, instance.environment, LONGEST_PATH);
    instance.report.awaits = `its pid file ${path}`;
    engine.effect({
      kind: "await-pid-file",
      job,
      instance: instance.name,
      path,
      main,
      ...(setuid !== undefined && { user: setuid }),
    });
  } catch (error) {
    if (!(error instanceof ExpansionError)) throw error;
    instance.report.awaits = `its pid file: ${error.message}`;
  }
}

function endWatch(engine: EngineState, instance: Instance): void {
  if (instance.report.awaits === undefined) return;
  instance.report.awaits = undefined;
  engine.clearTimer(instance, "pid-file");
  engine.effect({ kind: "forget-pid-file", job: instance.job.name, instance: instance.name });
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
  if (!instance || !awaitsPidFile(instance) || known && known.instance !== instance) return;
  if (instance.pids.get("main") !== pid) {
    engine.log("info", `${instance.displayName} main process is now ${pid}, as its pid file says`);
    setMain(engine, instance, pid);
    instance.leaders.push(session);
  }
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
  if (!awaitsPidFile(instance)) return;
  const message = `${instance.displayName} is not up after ${LONGEST_WAIT} s: ${instance.report.awaits}`;
  timedOut(engine, instance, message);
}
