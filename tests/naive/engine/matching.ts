/** Matching, naively: whether an event is one that a condition speaks of (init(5), "EVENT DEFINITION"). */

import { type EventCondition, WHILE_UP } from "../../../lib/model/condition.ts";
import type { Environment } from "../../../lib/model/environment.ts";
import { expand, ExpansionError } from "../../../lib/model/expand.ts";
import { type Condition, type Happening, leavesOf } from "./world.ts";

/** Gives an event to the leaves of a condition that speak of it and have none yet. True when any has taken it. */
export function take({ tree }: Condition, event: Happening, variables: Environment): boolean {
  const takers = leavesOf(tree).filter((leaf) => !leaf.event && speaksOf(leaf.leaf, event, variables));
  for (const leaf of takers) leaf.event = event;
  return takers.length > 0;
}

/** True when a condition on one event means this one. `variables`: those that its values may refer to. */
export function speaksOf(
  { name, matches }: EventCondition,
  event: Pick<Happening, "name" | "variables">,
  variables: Environment,
): boolean {
  if (name !== event.name || name === WHILE_UP) return false;
  return matches.every(({ key, value, negated = false }, index) => {
    const actual = key === undefined ? event.variables.values()[index] : event.variables.get(key);
    const pattern = expanded(value, variables);
    if (actual === undefined || pattern === undefined) return false;
    return matchesPattern([...pattern], [...actual]) !== negated;
  });
}

/** A value with its variables put in; undefined where one is not set: then nothing matches. */
function expanded(value: string, variables: Environment): string | undefined {
  try {
    return expand(value, variables);
  } catch (error) {
    if (error instanceof ExpansionError) return undefined;
    throw error;
  }
}

/** fnmatch(3) without flags, for patterns with stars, question marks, backslashes and plain sets. */
export function matchesPattern(pattern: string[], text: string[]): boolean {
  const [first, ...rest] = pattern;
  if (first === undefined) return text.length === 0;
  if (first === "*") {
    return matchesPattern(rest, text) || text.length > 0 && matchesPattern(pattern, text.slice(1));
  }
  const close = pattern.indexOf("]", pattern[1] === "!" || pattern[1] === "^" ? 3 : 2);
  const [character, ...others] = text;
  if (first === "[" && close > 0) {
    return character !== undefined && isInSet(pattern.slice(1, close), character) &&
      matchesPattern(pattern.slice(close + 1), others);
  }
  if (first === "\\") {
    return rest.length > 0 && rest[0] === character && matchesPattern(rest.slice(1), others);
  }
  return character !== undefined && (first === "?" || first === character) && matchesPattern(rest, others);
}

function isInSet(members: string[], character: string): boolean {
  if (members[0] === "!" || members[0] === "^") return !isInSet(members.slice(1), character);
  return members.some((member, index) => {
    const isRange = members[index + 1] === "-" && index + 2 < members.length;
    return isRange ? member <= character && character <= members[index + 2]! : member === character;
  });
}

/** True for a value that can match nothing but itself. */
export function isPlain(value: string): boolean {
  return !["*", "?", "[", "\\", "$"].some((special) => value.includes(special));
}
