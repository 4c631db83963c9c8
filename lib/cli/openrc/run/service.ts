/** The service that a path means. */

import { readlinkSync, realpathSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { readHead } from "../../../config/files.ts";
import { ifAllowed } from "../../../sys/call/refused.ts";

/** A service, and its script. */
export interface OpenrcService {
  name: string;
  /** The path of the script, by the name that the service has. */
  script: string;
}

/**
 * The service of a script that is called by a path; undefined where there is nothing. A link beside the script gives it
 * another name, as `net.eth0` to `net.lo`; one from elsewhere, such as from a runlevel, leads to the one that it names.
 */
export function serviceAt(path: string): OpenrcService | undefined {
  const real = ifAllowed(() => realpathSync(path));
  if (real === undefined) return undefined;
  const directory = dirname(real);
  const target = ifAllowed(() => readlinkSync(path));
  const isFar = target?.includes("/") && dirname(target) !== directory;
  const script = join(directory, basename(isFar ? target! : path));
  if (exists(script)) return { name: basename(script), script };
  const other = target ?? real;
  return { name: basename(other), script: other };
}

function exists(path: string): boolean {
  return ifAllowed(() => statSync(path, { throwIfNoEntry: false })) !== undefined;
}

/** The first line of the scripts that openrc-run interprets. */
const OWN = /^#!\s*\S*\/(openrc-run|runscript)\s*\n/;

/** The name by which a script that may be executed calls this program; undefined where it calls another. */
export function interpreterOf(script: string): string | undefined {
  const status = ifAllowed(() => statSync(script));
  if (!status?.isFile() || (status.mode & 0o111) === 0) return undefined;
  return OWN.exec(readHead(script))?.[1];
}
