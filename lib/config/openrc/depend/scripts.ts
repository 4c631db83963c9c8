/** OpenRC's scripts as the tree needs them: which files are such scripts, and what is read with each. */

import { existsSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { readSource } from "../../files.ts";
import { namesIn, statusOf } from "../directory.ts";
import { SCRIPT_DIRECTORIES } from "../services.ts";
import { untrusted } from "../untrusted.ts";

/** A script of a service. */
export interface OpenrcScript {
  service: string;
  path: string;
  text: string;
  /** The files of variables that are read before it. */
  settings: string[];
  /** Others than root could have written it, so nothing of it is run. */
  isRefused: boolean;
}

const FIRST_LINE = /^#(?:\S*|!\s+\S*)\/(?:openrc-run|runscript)(?:\s|$)/;

/**
 * Finds the scripts of all services, in the order of the alphabet. Other files in their directories are passed over.
 * @param warn Told of those that are not read, and why
 */
export function findScripts(warn: (problem: string) => void): OpenrcScript[] {
  const found = new Map<string, OpenrcScript>();
  for (const directory of SCRIPT_DIRECTORIES) {
    for (const service of namesIn(directory)) {
      const path = join(directory, service);
      const status = statusOf(path);
      if (!status?.isFile() || (Number(status.mode) & 0o111) === 0) continue;
      const state = readSource(path);
      if (state.state !== "regular") {
        if ("reason" in state) warn(`${path}: ${state.reason}`);
        continue;
      }
      if (!FIRST_LINE.test(state.text)) continue;
      const settings = settingsOf(path), problem = untrusted(path, ...settings);
      if (problem !== undefined) warn(`Not read: ${problem}`);
      found.set(service, { service, path, text: state.text, settings, isRefused: problem !== undefined });
    }
  }
  return [...found.values()].sort((one, other) => one.service < other.service ? -1 : 1);
}

/** The files of variables of a script: that of what stands before a dot in its name, and its own. */
export function settingsOf(script: string): string[] {
  const service = basename(script);
  const [shared = ""] = service.split(".", 1);
  const names = shared === "" || shared === service ? [service] : [shared, service];
  const directory = join(dirname(dirname(script)), "conf.d");
  return names.map((name) => join(directory, name)).filter((path) => existsSync(path));
}
