/** `shutdown -n`: ends the machine without init. The manual page of the original discourages it, and so do we. */

import { setTimeout as pause } from "node:timers/promises";
import { releaseDisks, releaseSwap } from "../../../sys/machine/disks.ts";
import { reboot, type RebootCommand, sync } from "../../../sys/machine/machine_control.ts";
import { kill } from "../../../sys/process/processes.ts";
import { recordHalt } from "../../../sys/utmp/accounting.ts";
import { write } from "../../output.ts";

const SIGKILL = 9, SIGTERM = 15, SIGTSTP = 20;
const INIT = 1, ALL = -1;

/**
 * Kills all processes but init and this one, leaves the disks clean, and ends the machine.
 * The caller must live through SIGHUP, which the end of its session brings.
 * @param sleepTime The seconds between SIGTERM and SIGKILL
 * @throws {SystemError} when the kernel does not let us.
 */
export async function endMachine(command: RebootCommand, sleepTime: number): Promise<number> {
  // Sysvinit pauses, so that it starts nothing again.
  kill(INIT, SIGTSTP);
  kill(ALL, SIGTERM);
  await pause(sleepTime * 1000);
  kill(ALL, SIGKILL);
  recordHalt();
  sync();
  const complain = (reason: string) => write(2, `shutdown: failed to leave a file system clean: ${reason}\n`);
  releaseSwap(complain);
  releaseDisks(complain);
  reboot(command);
  return 0;
}
