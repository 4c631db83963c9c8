/**
 * The authoring module: what job modules import as `rouse`.
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
  all,
  any,
  Condition,
  type DefinedJob,
  type JobReference,
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
} from "./conditions.ts";
export {
  type CgroupSetting,
  type Command,
  inherited,
  type Job,
  job,
  type JobSpecification,
  type LimitValue,
  type Program,
  type Signal,
  type Variables,
} from "./job.ts";
export type { Duration } from "../model/duration.ts";
export type { HookContext, HookEnvironment } from "./context.ts";
