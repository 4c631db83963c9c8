/** Which system of init a machine is set up for: told by the files that each brings along. */

import { statSync } from "node:fs";
import { untrustedWriterAt } from "../access/trust.ts";
import { ifAllowed } from "../call/refused.ts";

/** A system of init whose programs there are. */
export type InitSystem = "upstart" | "sysv" | "openrc";

/** The names of SysV's runlevels, as its directories have them. */
const LEVELS = [..."0123456S"];

const INITTAB = "/etc/inittab";

/** OpenRC's runlevels, a directory each. */
const RUNLEVELS = "/etc/runlevels";

/** The directories of the runlevels: Debian's and Red Hat's. */
const LEVEL_DIRECTORIES = ["/etc", "/etc/rc.d"].flatMap((parent) =>
  LEVELS.map((level) => `${parent}/rc${level}.d`)
);

/** OpenRC where it has runlevels, SysV where there is an inittab or a directory of a runlevel, Upstart otherwise. */
export function machineSetup(): InitSystem {
  if (isDirectory(RUNLEVELS)) return "openrc";
  return isFile(INITTAB) || LEVEL_DIRECTORIES.some(isDirectory) ? "sysv" : "upstart";
}

function isFile(path: string): boolean {
  return (ifAllowed(() => statSync(path).isFile()) ?? false) && isOurs(path);
}

function isDirectory(path: string): boolean {
  return (ifAllowed(() => statSync(path).isDirectory()) ?? false) && isOurs(path);
}

/** Which program a name means is for root to say: what somebody else could have put there counts for nothing. */
function isOurs(path: string): boolean {
  return untrustedWriterAt(path) === undefined;
}
