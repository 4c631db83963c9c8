/** The halt of a machine by its process 1, when everything has been stopped. */

import process from "node:process";
import { reboot, type RebootCommand, sync } from "../../sys/machine/machine_control.ts";
import { mounts, remountReadOnly, swapOff, swaps, unmount } from "../../sys/machine/mounts.ts";
import { recordShutdown } from "../../sys/utmp/accounting.ts";
import { attempt } from "../host/attempt.ts";
import type { Messages } from "../logs/messages.ts";

/**
 * Unmounts the file systems that are on devices, the latest first. Those that are in use, such as `/`, become read-only,
 * so that they are clean when they are mounted next. Network file systems are left alone: a server that does not answer
 * would block the halt for ever.
 *
 * @param onProblem Receives the reason why a file system can be neither. The others are.
 * @param root Only mount points below it are touched; for tests.
 */
export function releaseDisks(onProblem: (reason: string) => void, root = "/"): void {
  const freeze = (point: string) => attempt(() => remountReadOnly(point), onProblem);
  const onDevices = mounts().filter(({ source, point }) =>
    source.startsWith("/dev/") && point.startsWith(root)
  );
  for (const { point } of onDevices.reverse()) {
    if (point === "/") freeze(point);
    else attempt(() => unmount(point), () => freeze(point));
  }
}

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
  for (const path of swaps()) attempt(() => swapOff(path), onProblem);
  releaseDisks(onProblem);
  attempt(() => reboot(command), (reason) => messages.log("error", `Failed to end the machine: ${reason}`));
  return new Promise(() => {});
}
