/** Level conditions: jobs whose `start on` says that others are up start when that becomes true, and stop when it ends. */

import type { EngineState } from "../engine_state.ts";
import { start } from "../events/dispatch.ts";
import type { JobChain } from "../events/start_loops.ts";
import { stop } from "../lifecycle.ts";
import type { LoadedJob } from "../loaded_job.ts";
import { UP } from "../states.ts";
import { isMetStill } from "./phases.ts";
import { startNeeded } from "./start.ts";
import { graphOf } from "./waits.ts";

const PLAIN = { completed: false };

/** Starts or stops a job, as its level condition has become true or false. */
export function checkLevels(engine: EngineState, job: LoadedJob): void {
  const { startOn } = job;
  if (!startOn) return;
  const wasMet = startOn.satisfied, wasPossible = startOn.levelsAllow;
  const causes: JobChain[] = [];
  let come = job.name, gone = job.name;
  startOn.setLevels((name) => {
    const targets = graphOf(engine).targetsOf(name).flatMap((target) => engine.jobs.get(target) ?? []);
    const target = targets.find((target) => isMetStill(PLAIN, target));
    for (const { state, cause } of target?.instances.values() ?? []) if (UP.has(state)) causes.push(cause);
    if (target) come = name;
    else gone = name;
    return target !== undefined;
  });
  if (startOn.satisfied && !wasMet) {
    const instance = start(engine, job, startOn.events(), { by: "dependency", job: come }, causes);
    startOn.reset();
    if (instance) startNeeded(engine, instance);
  } else if (wasPossible && !startOn.levelsAllow) {
    for (const instance of job.instances.values()) stop(engine, instance, { by: "dependency", job: gone });
  }
}
