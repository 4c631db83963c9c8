/** The list of jobs on init's own output, for hosts without initctl (SIGUSR2). */

import { formatStatus } from "../../control/status.ts";
import { printable } from "../../model/text/printable.ts";
import type { StandardStreams } from "../logs/standard_streams.ts";
import type { RunningInit } from "../running.ts";

/** Prints the same as `initctl list`. */
export async function printJobList(init: RunningInit, streams: StandardStreams): Promise<void> {
  await init.settled();
  for (const job of init.jobs()) {
    const title = printable(job.name);
    const lines = Array.from(job.instances.values(), (instance) => {
      const { goal, state } = instance, name = printable(instance.name);
      return formatStatus(title, { name, goal, state, processes: instance.processes() });
    });
    for (const line of lines.length > 0 ? lines : [formatStatus(title)]) {
      streams.message({ priority: "message", message: line, text: line });
    }
  }
}
