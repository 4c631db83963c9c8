/** Runlevels 0 and 6: the end of the system (runlevel(7)). */

import type { Notice, Supervisor } from "../../control/supervisor.ts";
import { type Environment, environment } from "../../model/environment.ts";
import type { RebootCommand } from "../../sys/machine.ts";

/**
 * Waits for the end of the event `runlevel` with the runlevel 0 or 6. By then the jobs that it stops are down, and
 * the tasks that it starts are done; if none of these has ended the system, init is to.
 */
export class LastRunlevel {
  /** How a machine is to end; powered off unless the event said something else. */
  command: RebootCommand = "power-off";

  /** @param reached Called at the end of the event. */
  constructor(init: Pick<Supervisor, "observe">, private readonly reached: () => unknown) {
    init.observe((notice) => this.#noticed(notice), ["event-emitted"]);
  }

  #noticed(notice: Notice): void {
    if (notice.kind !== "event-emitted" || notice.event !== "runlevel") return;
    const command = commandOf(environment(notice.environment));
    if (!command) return;
    this.command = command;
    this.reached();
  }
}

/** RUNLEVEL, and INIT_HALT as shutdown(8) sets it. */
function commandOf(variables: Environment): RebootCommand | undefined {
  const runlevel = variables.get("RUNLEVEL");
  if (runlevel === "6") return "restart";
  if (runlevel !== "0") return undefined;
  return variables.get("INIT_HALT") === "HALT" ? "halt" : "power-off";
}
