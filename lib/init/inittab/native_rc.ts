/** The lines of inittab that a distribution's `rc` is called by: which init carries out itself, and what follows from OpenRC's. */

import { readHead } from "../../config/files.ts";

/** The commands. `rcS` is for the runlevel S. */
const COMMANDS = [
  /^(\/etc\/init\.d\/rc|\/etc\/rc\.d\/rc|\/etc\/rc\.d\/init\.d\/rc|\/lib\/init\/rc)[ \t]+([0-9S])$/,
  /^(\/etc\/init\.d\/rcS|\/lib\/init\/rcS)()$/,
];

/** The runlevel that a command is for, where its program is the distribution's script; undefined for all other commands. */
export function rcLevel(command: string): string | undefined {
  for (const pattern of COMMANDS) {
    const [, program, level] = pattern.exec(command.trim()) ?? [];
    if (program !== undefined) return readHead(program).startsWith("#!") ? level || "S" : undefined;
  }
  return undefined;
}

/** OpenRC's way down. It stops the services, and leaves the rest to a further line, if there is one. */
const OPENRC_DOWN = /^\/(?:usr\/)?s?bin\/(?:open)?rc[ \t]+(?:shutdown|reboot)$/;

/** True for a command after which the system is to end, where no line of the runlevel comes after it. */
export function isWayDown(command: string): boolean {
  return OPENRC_DOWN.test(command.trim());
}
