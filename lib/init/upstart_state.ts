/** The members of GetState that programs written for Upstart read (its state.c), beside the engine's own state. */

import type { ConfigurationSource } from "../config/known_files.ts";

/** The number of the system's own session: there are no chroot sessions. */
const NO_SESSION = 0;

/** Upstart's members by name. Upstart toggles `flag` at each reload, to find files that are gone; here it is constant. */
export interface UpstartState {
  sessions: [];
  control_bus_address: null;
  cgroup_manager_address: null;
  /** What every job's environment begins with, as `KEY=VALUE`. */
  job_environment: string[];
  conf_sources: ConfigurationSourceState[];
}

/** A configuration directory. */
interface ConfigurationSourceState {
  session: typeof NO_SESSION;
  path: string;
  type: "CONF_JOB_DIR";
  flag: 1;
  conf_files: ConfigurationFileState[];
}

/** A file; `job_class` is the job that it defines. */
interface ConfigurationFileState {
  path: string;
  /** The index of its directory. */
  conf_source: number;
  flag: 1;
  job_class?: { name: string; session: typeof NO_SESSION };
}

/** The members. */
export function upstartState(sources: ConfigurationSource[], environment: string[]): UpstartState {
  return {
    sessions: [],
    control_bus_address: null,
    cgroup_manager_address: null,
    job_environment: environment,
    conf_sources: sources.map(({ path, files }, index) => ({
      session: NO_SESSION,
      path,
      type: "CONF_JOB_DIR",
      flag: 1,
      conf_files: files.map(({ path, job, isGood }) => ({
        path,
        conf_source: index,
        flag: 1,
        ...(isGood && { job_class: { name: job, session: NO_SESSION } }),
      })),
    })),
  };
}
