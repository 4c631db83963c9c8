/** SysV's init scripts: their headers, the facilities that these speak of, and the order that follows. */

export { type ChkconfigLine, parseChkconfig } from "./chkconfig.ts";
export { type Circle, weakest } from "./circles.ts";
export type { ConvertedScript } from "./convert/converted_script.ts";
export { jobOfScript } from "./convert/job_of_script.ts";
export { dependFiles } from "./depend_files.ts";
export {
  ALL,
  expand,
  type Facilities,
  facilityCircle,
  parseFacilities,
  STANDARD_FACILITIES,
} from "./facilities.ts";
export { type Graph, type Kind, type ScriptEdge } from "./graph.ts";
export { type InitHeader, levelWords, missingFields, parseHeader, RELATIONS, words } from "./header.ts";
export { parseInittab } from "./inittab.ts";
export { AFTER_BOOT, levelNamed, levelNames, LEVELS, type Levels, NO_LEVELS, readLevels } from "./levels.ts";
export { lintScript } from "./lint/lint.ts";
export { computeOrder, type Link, type Numbered, type Order, plannedLinks } from "./plan.ts";
export {
  type MissingService,
  pidFileOf,
  type ScriptFacts,
  type ScriptJobs,
  scriptJobs,
} from "./script_job.ts";
export { Catalog, defaultLevels, overlap, type Service, serviceOf } from "./service.ts";
export { type DependRules, parseDependRules } from "./rc/depend_rules.ts";
export {
  changedSteps,
  DEBIAN_RULES,
  type LevelChange,
  levelLinks,
  NO_LEVEL,
  type RcRules,
  type RcStep,
  RED_HAT_RULES,
  stepsOf,
} from "./rc/links.ts";
export { OutputTurns } from "./rc/output_turns.ts";
export { RcSchedule } from "./rc/schedule.ts";
export { type Steps } from "./steps.ts";
