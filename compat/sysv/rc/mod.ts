/** What rc does at a change of runlevel: which scripts are run, in which order, and whose output is written when. */

export { type DependRules, parseDependRules } from "./depend_rules.ts";
export {
  changedSteps,
  DEBIAN_RULES,
  goesDown,
  type LevelChange,
  levelLinks,
  NO_LEVEL,
  type RcRules,
  type RcStep,
  RED_HAT_RULES,
  stepsOf,
} from "./links.ts";
export { OutputTurns } from "./output_turns.ts";
export { RcSchedule } from "./schedule.ts";
