/** The versions that the programs tell of. */

/** Rouse's own version. */
export const VERSION = "0.1.0";

/** The version of Upstart whose behaviour, messages and protocol Rouse speaks. */
export const UPSTART_VERSION = "1.13.2";

/** What `initctl version` answers. Scripts look for `(upstart VERSION)`, so that stands as Upstart has it. */
export const VERSION_LINE = `init (upstart ${UPSTART_VERSION}) rouse ${VERSION}`;

/** What `--version` prints: Upstart's first line, which scripts look at, and our own. */
export function versionText(program: string): string {
  return `${program} (upstart ${UPSTART_VERSION})\nrouse ${VERSION}\n`;
}
