/** What the environments of jobs begin with. */

import process from "node:process";
import { Environment, environment } from "../model/environment.ts";
import { type Options, PLACE_DEFAULTS } from "./options.ts";
import type { Place } from "./place.ts";

/** The environment that init itself was given. */
export function environmentOfInit(): Environment {
  return new Environment(
    Object.entries(process.env).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}

/** Variables that take over this executable's engine, and never are any job's business. */
const ENGINE_VARIABLES = ["BUN_BE_BUN", "BUN_OPTIONS"];

/** Variables of another init's jobs, when one has started this init. */
const JOB_VARIABLES = ["UPSTART_SESSION", "UPSTART_JOB", "UPSTART_INSTANCE", "UPSTART_EVENTS"];

/** What every job's environment begins with: all that init has, or PATH and TERM alone. */
export function defaultEnvironment(options: Options, place: Place): Environment {
  const own = environmentOfInit();
  for (const name of ENGINE_VARIABLES) own.delete(name);
  if (place === "container") JOB_VARIABLES.forEach((name) => own.delete(name));
  if (PLACE_DEFAULTS[place].inheritEnvironment && options.inheritEnvironment) return own;
  const kept = ["PATH", "TERM"].flatMap((name) => own.has(name) ? [`${name}=${own.get(name)}`] : []);
  return environment(kept);
}
