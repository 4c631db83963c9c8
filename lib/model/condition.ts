/** Conditions: what `start on` and `stop on` say, as data (init(5), "EVENT DEFINITION"). */

/** One comparison of an event's variable with a value, such as `JOB=web`, `IFACE!=lo` or a bare `web`. */
export interface Match {
  /** The variable's name; absent when the value is compared by its position among the event's variables. */
  key?: string;
  /** A shell pattern; `$VAR` in it is expanded from the instance's environment (stop on). */
  value: string;
  /** True for `KEY!=VALUE`: the variable must be there and be different. */
  negated?: boolean;
}

/** True once an event of this name whose variables satisfy every match has happened. */
export interface EventCondition {
  kind: "event";
  name: string;
  matches: Match[];
}

/** Two conditions joined. Operators group to the left and have one precedence, as in init(5). */
export interface JoinedCondition {
  kind: "and" | "or";
  left: Condition;
  right: Condition;
}

/** A tree of events joined by `and` and `or`. */
export type Condition = EventCondition | JoinedCondition;

/** How deep a condition may be nested: all that walk it may call themselves so often. */
export const DEEPEST_CONDITION = 1000;
