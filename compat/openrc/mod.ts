/** OpenRC's services: what their scripts say of one another, and the order that follows. */

export { isBashScript } from "./bash_syntax.ts";
export { buildTree, type BuiltTree } from "./build_tree.ts";
export { formatTree, parseTree, providedIn } from "./cached_tree.ts";
export { circleInWords, circleOfNeeds, findCircles, type ServiceCircle } from "./circles.ts";
export { isRunscript, jobOfRunscript } from "./convert/job_of_runscript.ts";
export { type CapabilitySets, parseCapabilities } from "./daemons/capabilities.ts";
export {
  type DpkgCriteria,
  isDpkgMatch,
  isOpenrcMatch,
  type OpenrcCriteria,
  type ProcessView,
} from "./daemons/matching.ts";
export { RespawnCount, type RespawnLimits } from "./daemons/respawning.ts";
export { dpkgSchedule, openrcSchedule, ScheduleError, type ScheduleItem } from "./daemons/schedule.ts";
export { dpkgSignal, leadingNumber, openrcSignal, wholeNumber } from "./daemons/signals.ts";
export {
  bracketText,
  isYes,
  type MessageKind,
  type MessageStyle,
  messageText,
  outcomeText,
  type Palette,
  paletteOf,
} from "./messages.ts";
export { logHeading, PlainOutput } from "./log_text.ts";
export { hasOverride, plainDepend, type PlainSettings, plainSettings } from "./plain_depend.ts";
export { kernelParameter, parseSettings, type Settings, yesOrNo } from "./rc_conf.ts";
export {
  DEPEND_WORDS,
  type DependKind,
  type DependLines,
  ORDERING,
  type Relation,
  variableName,
} from "./relations.ts";
export { type RunscriptFacts, runscriptJobs } from "./script_job.ts";
export { type OrderQuery, type ServiceFacts, Tree, type TreeEntry } from "./tree.ts";
export {
  decideStop,
  predecessors,
  type RunlevelChange,
  startOrder,
  type StopDecision,
  successors,
} from "./level_plan.ts";
