/** Whether init is SysV's process 1: whether it reads inittab, init scripts and runlevels. */

import process from "node:process";
import { machineSetup } from "../../sys/machine/setup.ts";
import type { InitOptions } from "../options.ts";
import type { Role } from "./role.ts";

/**
 * True where init is SysV's process 1: with `--sysv`, and by default on a machine, and wherever process 1 was started as the
 * kernel does it, if there is an inittab, a directory of a runlevel, or OpenRC, which inittab calls. Never in a user's session,
 * nor with a command.
 */
export function sysvWanted({ sysv, command }: Pick<InitOptions, "sysv" | "command">, role: Role): boolean {
  if (role === "session" || command) return false;
  return sysv ?? ((role === "machine" || isStartedByKernel()) && machineSetup() !== "upstart");
}

/** The kernel gives process 1 HOME and TERM alone. Whatever runs containers sets PATH. */
function isStartedByKernel(): boolean {
  return process.pid === 1 && process.env["PATH"] === undefined;
}
