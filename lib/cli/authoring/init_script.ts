/** Init scripts as jobs, for `rouse convert`. */

import { existsSync } from "node:fs";
import { basename, dirname } from "node:path";
import { isRunscript, jobOfRunscript, parseSettings, type Settings } from "../../../compat/openrc/mod.ts";
import { jobOfScript, parseHeader } from "../../../compat/sysv/mod.ts";
import { readSource } from "../../config/files.ts";
import { isJobName } from "../../model/validate.ts";
import { isInLevel, levelNames } from "../../config/openrc/levels.ts";
import { PLACES, readFacilities } from "../../config/sysv/scripts.ts";
import { CONF_D, INIT_D, LEVELS, RUNLEVEL_DIRECTORIES } from "../../model/openrc/paths.ts";
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
  if (isRunscript(found.text)) return readRunscript(path, name, found.text);
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

/** On a machine without runlevels of OpenRC, a script is taken for one of `default`. */
function readRunscript(path: string, name: string, text: string): FileJob {
  const file = {
    path: path.startsWith("/etc/") ? path : `${INIT_D}/${name}`,
    name,
    text,
    levels: existsSync(RUNLEVEL_DIRECTORIES)
      ? levelNames().filter((level) => isInLevel(name, level))
      : [LEVELS.default],
    settings: readSettings(name),
  };
  const { definition, comments, lost } = jobOfRunscript(file);
  return { path, name, definition, file: { comments }, lost };
}

/** What `conf.d` says of a service: of `net.eth0`, also the file `net`. */
function readSettings(name: string): Settings {
  const [first = name] = name.split(".");
  const settings: Settings = new Map();
  for (const file of new Set([first, name])) {
    const found = readSource(`${CONF_D}/${file}`);
    if (found.state !== "regular") continue;
    for (const [key, value] of parseSettings(found.text)) settings.set(key, value);
  }
  return settings;
}
