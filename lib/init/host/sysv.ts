/** Whether init is SysV's process 1: whether it reads inittab, init scripts and runlevels. */

import process from "node:process";
import { type InitSystem, machineSetup } from "../../sys/machine/setup.ts";
import type { InitOptions } from "../options/option_table.ts";
import type { Role } from "./role.ts";

/** What the machine was set up for when init first asked: its ways stay as files come and go. */
let setup: InitSystem | undefined;

function setupOnce(): InitSystem {
  return setup ??= machineSetup();
}

/** The options that decide. */
type SystemOptions = Pick<InitOptions, "sysv" | "openrc" | "command">;

/**
 * True where init is SysV's process 1: with `--sysv`, and by default on a machine, and wherever process 1 was started as the
 * kernel does it, if there is an inittab, a directory of a runlevel, or OpenRC, which inittab calls. Never in a user's session,
 * nor with a command.
 */
export function sysvWanted({ sysv, openrc, command }: SystemOptions, role: Role): boolean {
  if (role === "session" || command) return false;
  return sysv ?? (openrc || (role === "machine" || isStartedByKernel()) && setupOnce() !== "upstart");
}

/**
 * True where OpenRC's scripts are jobs, in the place of SysV's: with `--openrc`, and by default where init is SysV's process 1
 * on a machine that is set up for OpenRC.
 */
export function openrcWanted(options: SystemOptions, role: Role): boolean {
  return sysvWanted(options, role) && (options.openrc ?? setupOnce() === "openrc");
}

/** The kernel gives process 1 HOME and TERM alone. Whatever runs containers sets PATH. */
function isStartedByKernel(): boolean {
  return process.pid === 1 && process.env["PATH"] === undefined;
}
