/** Whether init is SysV's process 1: whether it reads inittab, init scripts and runlevels. */

import { statSync } from "node:fs";
import process from "node:process";
import { ifAllowed } from "../../sys/call/refused.ts";
import type { InitOptions } from "../options.ts";
import type { Role } from "./role.ts";

/** The file of SysV's init (inittab(5)). */
export const INITTAB = "/etc/inittab";

/** The directories of the runlevels: Debian's, and Red Hat's. */
const LEVEL_DIRECTORIES = ["/etc", "/etc/rc.d"].flatMap((parent) =>
  [..."S0123456"].map((level) => `${parent}/rc${level}.d`)
);

/**
 * True where init is SysV's process 1: with `--sysv`, and by default on a machine, and wherever process 1 was started as the
 * kernel does it, if there is an inittab or a directory of a runlevel. Never in a user's session, nor with a command.
 */
export function sysvWanted({ sysv, command }: Pick<InitOptions, "sysv" | "command">, role: Role): boolean {
  if (role === "session" || command) return false;
  return sysv ?? ((role === "machine" || isStartedByKernel()) && hasSysvFiles());
}

/** The kernel gives process 1 HOME and TERM alone. Whatever runs containers sets PATH. */
function isStartedByKernel(): boolean {
  return process.pid === 1 && process.env["PATH"] === undefined;
}

/** True where there is what SysV's init reads. */
export function hasSysvFiles(): boolean {
  const isThere = (path: string) => ifAllowed(() => statSync(path)) !== undefined;
  return isThere(INITTAB) || LEVEL_DIRECTORIES.some(isThere);
}
