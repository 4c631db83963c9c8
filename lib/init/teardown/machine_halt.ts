/** The halt of a machine by its process 1, when everything has been stopped. */

import process from "node:process";
import { reboot, type RebootCommand, sync } from "../../sys/machine/machine_control.ts";
import { releaseDisks, releaseSwap } from "../../sys/machine/disks.ts";
import { recordShutdown } from "../../sys/utmp/accounting.ts";
import { attempt } from "../host/attempt.ts";
import type { Messages } from "../logs/messages.ts";

/**
 * Ends a container whose process 1 is SysV's init, as reboot(2) does in a PID namespace: so who started it learns whether it is
 * to be started again. Returns where that is not allowed, and where this is no such process.
 */
export function endNamespace(command: RebootCommand = "power-off"): void {
  recordShutdown();
  // Anywhere else it would be the end of the machine.
  if (process.pid !== 1) return;
  sync();
  attempt(() => reboot(command), () => {});
}

/** Halts, restarts or powers off the machine. If the kernel refuses, init stays, for without process 1 the kernel panics. */
export function haltMachine(command: RebootCommand = "power-off", messages: Messages): Promise<never> {
  recordShutdown();
  sync();
  const onProblem = (reason: string) =>
    messages.log("warn", `Failed to leave a file system clean: ${reason}`);
  releaseSwap(onProblem);
  releaseDisks(onProblem);
  attempt(() => reboot(command), (reason) => messages.log("error", `Failed to end the machine: ${reason}`));
  return new Promise(() => {});
}
