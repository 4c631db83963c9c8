/** OpenRC's services: what their scripts say of one another, and the order that follows. */

export { buildTree, type BuiltTree } from "./build_tree.ts";
export { formatTree, parseTree } from "./cached_tree.ts";
export { circleInWords, findCircles, type ServiceCircle } from "./circles.ts";
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
export { hasOverride, plainDepend, type PlainSettings, plainSettings } from "./plain_depend.ts";
export { kernelParameter, parseSettings, type Settings, yesOrNo } from "./rc_conf.ts";
export {
  DEPEND_WORDS,
  type Dependencies,
  type DependKind,
  ORDERING,
  type Relation,
  variableName,
} from "./relations.ts";
export { type OrderQuery, type ServiceFacts, Tree, type TreeEntry } from "./tree.ts";
export {
  decideStop,
  type RunlevelChange,
  predecessors,
  startOrder,
  type StopDecision,
  successors,
} from "./level_plan.ts";
