/** The versions that the programs tell of. */

/** Rouse's own version. */
export const VERSION = "0.1.0";

/** The version of Upstart whose behaviour, messages and protocol Rouse speaks. */
export const UPSTART_VERSION = "1.13.2";

/**
 * What `--version` prints and `initctl version` answers for a program. Scripts look for `(upstart VERSION)`,
 * so that part stands as Upstart prints it.
 */
export function versionLine(program: string): string {
  return `${program} (upstart ${UPSTART_VERSION}) rouse ${VERSION}`;
}
