/** The environments of jobs, and what else their processes inherit from init. */

import process from "node:process";
import { Environment, environment, INIT_VARIABLES } from "../../model/environment.ts";
import { TAKEOVER_VARIABLES } from "../../sys/runtime/variables.ts";
import type { InitOptions } from "../options/option_table.ts";
import type { Role } from "./role.ts";
import { ROLE_DEFAULTS } from "./role_defaults.ts";

/** The environment that init itself was given. */
export function initEnvironment(): Environment {
  return new Environment(
    Object.entries(process.env).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}

/** True when jobs inherit the environment that init was given. */
function inherits(options: InitOptions, role: Role): boolean {
  return ROLE_DEFAULTS[role].inheritEnvironment && options.inheritEnvironment;
}

/** The umask and directory of jobs that set none, as in Upstart. Empty: they inherit init's. */
export function processDefaults(options: InitOptions, role: Role): { umask?: number; chdir?: string } {
  if (inherits(options, role)) return {};
  return { umask: 0o022, ...(role !== "session" && { chdir: "/" }) };
}

/** The variables that every job's environment begins with: all of init's, or PATH and TERM alone. */
export function defaultEnvironment(options: InitOptions, role: Role): Environment {
  const own = initEnvironment();
  // Another init may have started this one as a job: those variables are not for the jobs of this one.
  for (const name of [...TAKEOVER_VARIABLES, ...INIT_VARIABLES]) own.delete(name);
  const { path } = ROLE_DEFAULTS[role];
  if (path !== undefined) own.set("PATH", path);
  if (inherits(options, role)) return own;
  const kept = ["PATH", "TERM"].flatMap((name) => own.has(name) ? [`${name}=${own.get(name)}`] : []);
  return environment(kept);
}

/** The instance that a process belongs to. */
interface Identity {
  job: string;
  instance: string;
  /** The address of init, for `UPSTART_SESSION`. */
  session: string | undefined;
  /** True: its processes are not told of jobs. */
  directed?: boolean | undefined;
}

/**
 * The environment (`KEY=VALUE` strings) of a job's process. UPSTART_JOB and the like have init's values alone, each once:
 * of two values some programs read the first, others the last.
 */
export function processEnvironment(
  variables: readonly string[],
  { job, instance, session, directed }: Identity,
): string[] {
  if (directed) return [...variables];
  const own = [`UPSTART_JOB=${job}`, `UPSTART_INSTANCE=${instance}`];
  if (session !== undefined) own.push(`UPSTART_SESSION=${session}`);
  const names = own.map((pair) => pair.slice(0, pair.indexOf("=") + 1));
  return [...variables.filter((pair) => !names.some((name) => pair.startsWith(name))), ...own];
}
