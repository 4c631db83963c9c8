/** The runlevels 0 and 6, which halt and restart the system (runlevel(7)). */

import { RUNLEVEL_EVENT } from "../../model/init_events.ts";
import type { Supervisor } from "../../control/supervisor.ts";
import type { Notice } from "../../model/requests.ts";
import { type Environment, environment } from "../../model/environment.ts";
import type { Part } from "../parts/part.ts";
import type { RebootCommand } from "../../sys/machine/machine_control.ts";

/** What is saved of {@link HaltRunlevel}. */
export interface SavedHalt {
  command: RebootCommand;
}

/**
 * Waits for the end of the event `runlevel` with the runlevel 0 or 6. Then the jobs that it stops are down and the tasks
 * that it starts are done. If none of these tasks has ended the system, init has to.
 */
export class HaltRunlevel implements Part<SavedHalt> {
  /** How a machine is to end. It is powered off unless the event said something else. */
  command: RebootCommand = "power-off";
  /** False where something else than init ends the system, as the lines of inittab do. */
  isActive = true;

  /** @param onReached Called at the end of the event. */
  constructor(init: Pick<Supervisor, "observe">, private readonly onReached: () => unknown) {
    init.observe((notice) => this.#noticed(notice), ["event-emitted"]);
  }

  save(): SavedHalt {
    return { command: this.command };
  }

  restore({ command }: SavedHalt): void {
    this.command = command;
  }

  #noticed(notice: Notice): void {
    if (!this.isActive || notice.kind !== "event-emitted" || notice.event !== RUNLEVEL_EVENT) return;
    this.reach(notice.environment);
  }

  /** The system is to end, if these variables are of such a runlevel. */
  reach(variables: readonly string[]): void {
    const command = commandOf(environment(variables));
    if (!command) return;
    this.command = command;
    this.onReached();
  }
}

/** Reads RUNLEVEL, and INIT_HALT as shutdown(8) sets it. */
function commandOf(variables: Environment): RebootCommand | undefined {
  const runlevel = variables.get("RUNLEVEL");
  if (runlevel === "6") return "restart";
  if (runlevel !== "0") return undefined;
  return variables.get("INIT_HALT") === "HALT" ? "halt" : "power-off";
}
