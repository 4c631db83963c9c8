/** The versions of Rouse, and of the Upstart and the sysvinit that it is compatible with. */

import config from "../../deno.json" with { type: "json" };

/** Rouse's own version. It stands in deno.json alone. */
export const VERSION: string = config.version;

/** The version of Upstart whose behaviour, messages and protocol Rouse has. */
const UPSTART_VERSION = "1.13.2";

/** The answer of `initctl version`. Scripts search it for `(upstart VERSION)`. */
export const VERSION_LINE = `init (upstart ${UPSTART_VERSION}) rouse ${VERSION}`;

/**
 * The answer where init scripts are jobs: the LSB's functions for scripts search it for `upstart`, and scripts that find it
 * refuse to run, for a job of Upstart's would be there in their place.
 */
export const SCRIPTS_VERSION_LINE = `init (rouse ${VERSION})`;

/** The version of sysvinit whose behaviour, messages and requests Rouse has where it is SysV's init. */
export const SYSVINIT_VERSION = "3.06";

/** The output of `--version`: Upstart's first line, which scripts search, and our own. */
export function versionText(program: string): string {
  return `${program} (upstart ${UPSTART_VERSION})\nrouse ${VERSION}\n`;
}
