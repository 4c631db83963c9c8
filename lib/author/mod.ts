/**
 * The authoring module, which job modules import as `rouse`.
 *
 *     import { job, runlevel } from "rouse";
 *
 *     export default job({
 *       description: "a web server",
 *       startOn: runlevel("[2345]"),
 *       stopOn: runlevel("[!2345]"),
 *       exec: "/usr/sbin/httpd -f",
 *       respawn: true,
 *     });
 *
 * @module
 */

// Declaration merging reaches what is exported by `*`, not by name.
export * from "./events.ts";
export {
  type CheckOptions,
  command,
  fd,
  file,
  type HealthOptions,
  http,
  type HttpOptions,
  JobCheck,
  log,
  notify,
  tcp,
  unix,
} from "./checks.ts";
export {
  all,
  any,
  type Comparand,
  Condition,
  type DefinedJob,
  type JobReference,
  type LateReference,
  type Matches,
  type Negated,
  not,
  on,
  type Pattern,
  runlevel,
  started,
  starting,
  startup,
  stopped,
  stopping,
  whileUp,
} from "./conditions.ts";
export {
  type CgroupSetting,
  type Command,
  inherited,
  type Job,
  job,
  type JobSpecification,
  type LimitValue,
  type LogLimits,
  type LogRotation,
  type Program,
  type Signal,
  type Variables,
} from "./job.ts";
export { completed, Completion } from "./dependencies.ts";
export type { Size } from "../model/checks/size.ts";
export type { Compression } from "../model/logs/log_names.ts";
export type { LogTarget } from "../model/logs/settings.ts";
export type { Duration } from "../model/duration.ts";
export type { HookContext, HookEnvironment } from "./context.ts";
