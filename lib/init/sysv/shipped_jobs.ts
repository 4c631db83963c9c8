/** The jobs that ship with init and boot a machine of SysV's without an inittab: which of them are in force. */

import { existsSync } from "node:fs";
import { join } from "node:path";
import { FORMATS } from "../../config/formats.ts";
import { definitionFilesOf } from "../../config/known_files.ts";

/** Jobs that belong together. Where the machine has jobs of its own that do their work, none of them is in force. */
interface JobGroup {
  jobs: readonly string[];
  /** The names of such jobs: those of Red Hat's and of Ubuntu's Upstart, and our own. */
  givesWayTo: readonly string[];
}

const TTYS = ["tty1", "tty2", "tty3", "tty4", "tty5", "tty6"];

const GROUPS: readonly JobGroup[] = [
  { jobs: ["rcS", "rc-sysinit", "rc", "failsafe"], givesWayTo: ["rcS", "rc-sysinit", "rc"] },
  { jobs: ["sulogin"], givesWayTo: ["sulogin", "rcS", "rcS-sulogin"] },
  { jobs: ["start-ttys", "tty"], givesWayTo: ["start-ttys", "tty", ...TTYS] },
  { jobs: ["control-alt-delete"], givesWayTo: ["control-alt-delete"] },
];

/** All that ship. */
export const SHIPPED_NAMES: readonly string[] = GROUPS.flatMap(({ jobs }) => jobs);

/** The runlevel of a boot that nothing else says one for. */
const DEFAULT_RUNLEVEL = "2";

/** The boot of a machine of SysV's that no inittab drives. */
export interface ShippedBoot {
  /** The jobs that are in force. */
  jobs: string[];
  /** The variables of the event that begins it. */
  variables: string[];
}

/**
 * That boot.
 * @param directories The machine's directories of jobs
 * @param level The first runlevel, where something says one
 */
export function shippedBoot(directories: readonly string[], level = DEFAULT_RUNLEVEL): ShippedBoot {
  return { jobs: jobsInForce(directories), variables: [`DEFAULT_RUNLEVEL=${level}`] };
}

/** The jobs that are in force on a machine with these directories of jobs. */
function jobsInForce(directories: readonly string[]): string[] {
  const isThere = (job: string) =>
    directories.some((directory) =>
      definitionFilesOf(FORMATS, job).some((name) => existsSync(join(directory, name)))
    );
  return GROUPS.flatMap(({ jobs, givesWayTo }) => givesWayTo.some(isThere) ? [] : jobs);
}
