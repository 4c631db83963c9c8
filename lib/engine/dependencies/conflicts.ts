/** Conflicts: what is stopped for a start, and which starts conflicts forbid. */

import type { EngineState } from "../engine_state.ts";
import { causeBeside } from "../events/start_loops.ts";
import type { Instance } from "../instance.ts";
import { stop } from "../lifecycle.ts";
import type { LoadedJob } from "../loaded_job.ts";
import { isAboutCompletion, targetOf } from "./phases.ts";
import { graphOf } from "./waits.ts";

/** Stops what conflicts with an instance that starts. */
export function stopConflicting(engine: EngineState, instance: Instance): void {
  for (const name of graphOf(engine).conflictsOf(instance.job.name)) {
    for (const other of engine.jobs.get(name)?.instances.values() ?? []) {
      if (other.goal === "stop") continue;
      engine.log("info", `${other.displayName} is stopped: ${instance.displayName} conflicts with it`);
      other.cause = causeBeside(other.job, instance.cause);
      stop(engine, other, { by: "dependency", job: instance.job.name });
    }
  }
}

/** What conflicts among a job and all that has to be up with it; undefined when nothing does. */
export function whyConflicting(engine: EngineState, job: LoadedJob): string | undefined {
  const graph = graphOf(engine);
  const together = new Set([job]);
  for (const { name } of together) {
    for (const edge of graph.edgesOf(name)) {
      const target = edge.kind === "needs" ? targetOf(engine, edge) : undefined;
      if (target && !isAboutCompletion(edge, target)) together.add(target);
    }
  }
  engine.dependenciesSeen += together.size;
  for (const { name } of together) {
    for (const other of graph.conflictsOf(name)) {
      const conflicting = engine.jobs.get(other);
      if (!conflicting || !together.has(conflicting)) continue;
      if (name === job.name) {
        return `${name} cannot start: by way of others it needs ${other}, and conflicts with it`;
      }
      return `${job.name} cannot start: it needs ${name} and ${other}: these conflict`;
    }
  }
  return undefined;
}
