/** The adoption of processes: they run already, and the engine that started them is gone with its state. */

import type { EngineState } from "../engine_state.ts";
import { createInstance, standUp } from "../lifecycle.ts";
import { setMain } from "./main_process.ts";

/** A main process that runs, and the variables that its instance had as `KEY=VALUE`. */
export interface RunningMain {
  job: string;
  instance: string;
  pid: number;
  environment: string[];
}

/**
 * Makes a running process the main process of an instance, which is up from now on. No event tells of it: all that was to
 * follow from its start has followed. It is passed over where there is no such job, or its instance is there.
 */
export function adopt(
  engine: EngineState,
  { job: name, instance: instanceName, pid, environment }: RunningMain,
): void {
  const job = engine.jobs.get(name);
  if (!job || job.instances.has(instanceName) || engine.processes.has(pid)) return;
  const instance = createInstance(engine, job, instanceName);
  instance.environment = engine.jobEnvironment(job.definition, environment);
  instance.isExpectMet = true;
  instance.mainStartedAt = engine.now;
  setMain(engine, instance, pid);
  standUp(engine, instance);
}
