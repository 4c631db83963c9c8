/** The halt of a machine by its process 1, when everything has been stopped. */

import { reboot, type RebootCommand, sync } from "../../sys/machine/machine_control.ts";
import { releaseDisks, releaseSwap } from "../../sys/machine/disks.ts";
import { recordShutdown } from "../../sys/utmp/accounting.ts";
import { attempt } from "../host/attempt.ts";
import type { Messages } from "../logs/messages.ts";

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
