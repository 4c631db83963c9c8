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
 * @param areScriptsJobs Whether the job is for a machine on which scripts are jobs
 */
export function readInitScript(path: string, areScriptsJobs: boolean): FileJob | undefined {
  const found = readSource(path), name = basename(path);
  if (found.state !== "regular" || !found.text.startsWith("#!") || !isJobName(name)) return undefined;
  if (!parseHeader(found.text) && !DIRECTORIES.includes(basename(dirname(path)))) return undefined;
  const file = {
    path: path.startsWith("/etc/") ? path : `${PLACES.scripts}/${name}`,
    name,
    text: found.text,
  };
  const facilities = readFacilities(PLACES.config, () => {});
  const { definition, comments, lost } = jobOfScript(file, { facilities, areScriptsJobs });
  return { path, name, definition, file: { comments }, lost };
}
