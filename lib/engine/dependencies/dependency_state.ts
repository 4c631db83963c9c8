/** The state of the dependency engine, beside what jobs and instances hold themselves. */

import type { Instance } from "../instance.ts";
import type { LoadedJob } from "../loaded_job.ts";
import type { DependencyGraph } from "./graph.ts";

/** What the dependency engine remembers from one input to the next. */
export class DependencyState {
  /** The graph of the present definitions; undefined when it has to be made anew. */
  graph: DependencyGraph | undefined;
  /** Instances that dependencies hold, and that may go on now. */
  readonly pending = new Set<Instance>();
  /** Jobs whose level conditions may have changed. */
  readonly levels = new Set<LoadedJob>();
  /** While everything is stopped in order: the instances that come once those are gone that depend on them. */
  readonly heldStops = new Set<Instance>();
  /** The instances that wait for a job by way of scripts in between, and look again when something about it changes. */
  readonly behind = new Map<LoadedJob, Set<Instance>>();
  /** Jobs of which it is known that nothing before them is on its way up, by way of scripts in between. */
  readonly settledUp = new Set<LoadedJob>();
  /** Those of which it is known that nothing that stops before them is on its way down. */
  readonly settledDown = new Set<LoadedJob>();
  /** Instances that hold an event for which another instance waits. Derived from their waiters. */
  readonly holders = new Set<Instance>();
  /** The tasks that are gone, and had succeeded: their files may be replaced by way of a removal. */
  readonly completedTasks = new Set<string>();
}
