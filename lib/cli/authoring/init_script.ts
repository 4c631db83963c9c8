/** Init scripts as jobs, for `rouse convert`. */

import { basename, dirname } from "node:path";
import { jobOfScript, parseHeader } from "../../../compat/sysv/mod.ts";
import { readSource } from "../../config/files.ts";
import { isJobName } from "../../model/validate.ts";
import { PLACES, readFacilities } from "../../config/sysv/scripts.ts";
import type { FileJob } from "./converted_jobs.ts";

/** Where scripts are, by the names of their directories. */
const DIRECTORIES = ["init.d", "rc.d"];

/**
 * The job of an init script; undefined for a file that is none. Its path is that in /etc, where a copy of it is converted.
 */
export function readInitScript(path: string): FileJob | undefined {
  const found = readSource(path), name = basename(path);
  if (found.state !== "regular" || !found.text.startsWith("#!") || !isJobName(name)) return undefined;
  if (!parseHeader(found.text) && !DIRECTORIES.includes(basename(dirname(path)))) return undefined;
  const file = {
    path: path.startsWith("/etc/") ? path : `${PLACES.scripts}/${name}`,
    name,
    text: found.text,
  };
  const { definition, comments, lost } = jobOfScript(file, readFacilities(PLACES.config, () => {}));
  return { path, name, definition, file: { comments }, lost };
}
