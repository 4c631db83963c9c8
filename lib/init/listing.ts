/** The list of jobs, for whoever has no initctl at hand. */

import { formatStatus } from "../cli/status.ts";
import type { StandardStreams } from "./output/standard.ts";
import type { RunningInit } from "./running.ts";

/** Prints what `initctl list` would. */
export function list(init: RunningInit, streams: StandardStreams): void {
  for (const job of init.jobs()) {
    const lines = Array.from(job.instances.values(), (instance) => {
      const { name, goal, state } = instance;
      return formatStatus(job.name, { name, goal, state, processes: instance.processes() });
    });
    for (const line of lines.length > 0 ? lines : [formatStatus(job.name)]) {
      streams.message({ priority: "message", message: line, text: line });
    }
  }
}
