/** The lines of inittab that a distribution's `rc` is called by, which init carries out itself. */

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
