/** Conditions on events: the stanzas `start on` and `stop on` as data (init(5), "EVENT DEFINITION"). */

/** One comparison of an event's variable with a value, such as `JOB=web`, `IFACE!=lo` or a bare `web`. */
export interface Match {
  /** The variable's name; absent when the value is compared by its position among the event's variables. */
  key?: string;
  /** A shell pattern; `$VAR` in it is expanded from the job's `env` (start on), or the instance's environment (stop on). */
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

/** The events that the engine emits for each job. */
export const JOB_EVENTS: readonly string[] = ["starting", "started", "stopping", "stopped"];

/**
 * The name that stands for a level in place of an event: `while-up JOB` is true as long as the job is up. Only `start on`
 * knows it, and no event of this name counts.
 */
export const WHILE_UP = "while-up";

/** The job, or the name that jobs provide, of which a condition says that it is up; undefined for any other condition. */
export function levelOf({ name, matches: [first, ...others] }: EventCondition): string | undefined {
  if (name !== WHILE_UP || !first || others.length > 0) return undefined;
  return (first.key ?? "JOB") === "JOB" && !first.negated ? first.value : undefined;
}

/** The match that names the job in a condition on one of {@link JOB_EVENTS}: that of JOB, or of the first value. */
export function jobMatch({ matches }: EventCondition): Match | undefined {
  return matches.find(({ key }, index) => key === "JOB" || (index === 0 && key === undefined));
}

/** The job that a condition on one of {@link JOB_EVENTS} is about, which may be a pattern; undefined where it is about others. */
export function jobOf(event: EventCondition): string | undefined {
  const found = JOB_EVENTS.includes(event.name) ? jobMatch(event) : undefined;
  return found?.negated ? undefined : found?.value;
}

/** Two conditions joined. Operators group to the left and have one precedence, as in init(5). */
export interface JoinedCondition {
  kind: "and" | "or";
  left: JobCondition;
  right: JobCondition;
}

/** A tree of events joined by `and` and `or`. */
export type JobCondition = EventCondition | JoinedCondition;

/** All events that a condition mentions, from left to right. */
export function eventsOf(condition: JobCondition | undefined): EventCondition[] {
  const events: EventCondition[] = [];
  const pending = condition ? [condition] : [];
  for (let next = pending.pop(); next; next = pending.pop()) {
    if (next.kind === "event") events.unshift(next);
    else pending.push(next.left, next.right);
  }
  return events;
}

/** How deep a condition may be nested. Functions that walk it recurse as deep. */
export const DEEPEST_CONDITION = 1000;
