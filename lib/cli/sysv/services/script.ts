/** Init scripts as files to be run: which a name means, and running one. */

import { accessSync, constants, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { errnoMessage } from "../../../sys/call/errno.ts";
import { ifAllowed, unlessRefused } from "../../../sys/call/refused.ts";
import { O_RDONLY, open } from "../../../sys/io/descriptors.ts";
import type { SpawnDescription } from "../../../sys/spawn/description.ts";
import { runToEnd } from "../../../sys/spawn/run.ts";

/** The directory of the scripts. */
export const SCRIPTS = "/etc/init.d";

/** A script. */
export interface Script {
  name: string;
  path: string;
}

/**
 * The file that a name stands for, whether it is there or not. A way around, as in `../init.d/cron`, is followed, and may
 * lead to nowhere but the directory of scripts: undefined where it does.
 */
export function scriptNamed(name: string): Script | undefined {
  if (name === "" || name.includes("\0")) return undefined;
  const path = join(SCRIPTS, name);
  if (dirname(path) !== SCRIPTS || path.endsWith("/")) return undefined;
  return { name: basename(path), path };
}

/** True for a name by which a script may have links: no path, no option, and nothing that ends a line. */
export function isLinkName(name: string): boolean {
  // deno-lint-ignore no-control-regex
  return /^[^-.\/,\s\x00-\x1f\x7f][^\/,\s\x00-\x1f\x7f]*$/.test(name);
}

/** True for what this user may run: a file, or a directory, which is found out when it is run. */
export function mayRun({ path }: Script): boolean {
  return unlessRefused(() => {
    accessSync(path, constants.X_OK);
    return true;
  }, () => false);
}

/** True for a regular file, or a link to one. */
export function isFile(path: string): boolean {
  return ifAllowed(() => statSync(path).isFile()) ?? false;
}

/** The variables that `service` leaves to scripts. Those that are not set are empty, except for the search path. */
const KEPT = [
  "LANG",
  "LANGUAGE",
  ...[
    "CTYPE",
    "NUMERIC",
    "TIME",
    "COLLATE",
    "MONETARY",
    "MESSAGES",
    "PAPER",
    "NAME",
    "ADDRESS",
    "TELEPHONE",
    "MEASUREMENT",
    "IDENTIFICATION",
    "ALL",
  ].map((name) => `LC_${name}`),
  "TERM",
];

/** Where scripts look for programs when nobody says so. */
const SEARCH_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** The clean environment in which `service` runs scripts. */
export function cleanEnvironment(given: Readonly<Record<string, string | undefined>>): string[] {
  return [...KEPT.map((name) => `${name}=${given[name] ?? ""}`), `PATH=${given["PATH"] || SEARCH_PATH}`];
}

/** How a script ended, as a shell tells it, and what it wrote where that was asked for. */
export interface ScriptEnd {
  status: number;
  output: string;
  /** Why it could not be started. */
  problem?: string;
}

const SIGNALLED = 128, NOT_EXECUTED = 126, NOT_FOUND = 127;

/** Runs a script to its end. @param captured Its descriptors whose output is kept, see {@link runToEnd} */
export function runScript(
  argv: string[],
  environment: string[],
  more: Partial<SpawnDescription> = {},
  captured: readonly number[] = [],
): ScriptEnd {
  const result = runToEnd({ argv, environment, descriptors: { 0: 0, 1: 1, 2: 2 }, ...more }, captured);
  const { output } = result;
  if (result.failed) {
    const { errno, code } = result.failed;
    const status = code === "ENOENT" ? NOT_FOUND : NOT_EXECUTED;
    return { status, output, problem: `'${argv[0]}': ${errnoMessage(errno)}` };
  }
  const { exit } = result;
  return { status: "status" in exit ? exit.status : SIGNALLED + exit.signal, output };
}

/** True for what a script says that has no such action. */
export function saysUsage(output: string): boolean {
  return /usage:/i.test(output);
}

/** The descriptor of an empty input. */
export function emptyInput(): number {
  return open("/dev/null", O_RDONLY);
}
