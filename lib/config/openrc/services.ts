/** OpenRC's scripts: which there are, and where each is. */

import { readlinkSync } from "node:fs";
import { join } from "node:path";
import { INIT_D, LOCAL_INIT_D, RC_DIR } from "../../model/openrc/paths.ts";
import { ifAllowed } from "../../sys/call/refused.ts";
import { servicesIn, statusOf } from "./directory.ts";

/** The directories of scripts. What stands later counts before what stands earlier. */
export const SCRIPT_DIRECTORIES = [INIT_D, LOCAL_INIT_D];

/** The names of all scripts. */
export function allServices(): string[] {
  return [...new Set(SCRIPT_DIRECTORIES.flatMap(servicesIn))].sort();
}

/**
 * The path of a service's script: that by which it was started, if it is up, else where one is; undefined where none is. A
 * path is taken as it is.
 */
export function scriptOf(service: string): string | undefined {
  if (service.startsWith("/")) return service;
  if (service === "") return undefined;
  for (const state of ["started", "inactive"]) {
    const target = ifAllowed(() => readlinkSync(join(RC_DIR, state, service)));
    if (target !== undefined) return target;
  }
  return SCRIPT_DIRECTORIES.toReversed().map((directory) => join(directory, service))
    .find((path) => statusOf(path) !== undefined);
}

/** Why a service cannot be added to a runlevel; undefined where it can. */
export function scriptProblem(service: string): "missing" | "not executable" | undefined {
  if (service.length > 2 && service.endsWith(".sh")) return "missing";
  const script = scriptOf(service);
  const status = script === undefined ? undefined : statusOf(script);
  if (!status) return "missing";
  return (Number(status.mode) & 0o111) === 0 ? "not executable" : undefined;
}
