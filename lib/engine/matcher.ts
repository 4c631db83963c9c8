/** Conditions at work: a `start on` or `stop on` tree together with the events that it has seen. */

import type { Condition, EventCondition, Match } from "../model/condition.ts";
import { Environment } from "../model/environment.ts";
import { expand, ExpansionError } from "../model/expand.ts";
import type { Event } from "./event.ts";
import { matchesPattern } from "./pattern.ts";

/** What matchers see where there are no variables. */
const NONE = new Environment();

interface Node {
  readonly condition: Condition;
  readonly left?: Node;
  readonly right?: Node;
  /** A leaf's event, once it has been seen. */
  event?: Event;
}

/** The state of one condition. Every event that it has taken is held until {@link Matcher.reset}. */
export class Matcher {
  readonly #root: Node;
  readonly #leaves: Node[] = [];

  /** @param release Called for each event that the matcher lets go. */
  constructor(readonly condition: Condition, readonly release: (event: Event) => void) {
    this.#root = this.#plant(condition);
  }

  /** All events that the condition mentions, in their order in the stanza. */
  get leaves(): EventCondition[] {
    return this.#leaves.map((leaf) => leaf.condition as EventCondition);
  }

  /** True when the condition as a whole is met. */
  get satisfied(): boolean {
    return isTrue(this.#root);
  }

  /**
   * Shows the condition an event; leaves that have seen one already keep it. True when the event was taken.
   * Without an environment, as for `start on`, values with a `$VAR` in them match nothing.
   */
  see(event: Event, environment = NONE): boolean {
    let taken = false;
    for (const leaf of this.#leaves) {
      if (leaf.event || !matchesEvent(leaf.condition as EventCondition, event, environment)) continue;
      leaf.event = event;
      event.holders++;
      taken = true;
    }
    return taken;
  }

  /** True when the condition would take such an event, whatever it has seen. */
  mentions(event: Event, environment: Environment): boolean {
    return this.#leaves.some((leaf) => matchesEvent(leaf.condition as EventCondition, event, environment));
  }

  /** The event that each event of the condition has met so far, in their order in the stanza. */
  get seen(): Array<Event | undefined> {
    return this.#leaves.map((leaf) => leaf.event);
  }

  /** The events that make the condition true, in the order of the stanza; those of a half-met side are left out. */
  events(): Event[] {
    const found: Event[] = [];
    collect(this.#root, found);
    return found;
  }

  /** Forgets all events. */
  reset(): void {
    for (const leaf of this.#leaves) {
      const event = leaf.event;
      if (!event) continue;
      delete leaf.event;
      this.release(event);
    }
  }

  /** Takes over what a matcher of an equal condition has seen. */
  takeOver(other: Matcher): void {
    this.#leaves.forEach((leaf, index) => {
      const theirs = other.#leaves[index];
      if (!theirs?.event) return;
      leaf.event = theirs.event;
      delete theirs.event;
    });
  }

  #plant(condition: Condition): Node {
    if (condition.kind === "event") {
      const leaf: Node = { condition };
      this.#leaves.push(leaf);
      return leaf;
    }
    const left = this.#plant(condition.left);
    return { condition, left, right: this.#plant(condition.right) };
  }
}

function isTrue(node: Node): boolean {
  if (!node.left || !node.right) return node.event !== undefined;
  return node.condition.kind === "and"
    ? isTrue(node.left) && isTrue(node.right)
    : isTrue(node.left) || isTrue(node.right);
}

function collect(node: Node, found: Event[]): void {
  if (!isTrue(node)) return;
  if (node.event) found.push(node.event);
  if (node.left) collect(node.left, found);
  if (node.right) collect(node.right, found);
}

function matchesEvent(condition: EventCondition, event: Event, environment: Environment): boolean {
  if (condition.name !== event.name) return false;
  let values: string[] | undefined;
  for (let index = 0; index < condition.matches.length; index++) {
    const match = condition.matches[index]!;
    const value = match.key === undefined
      ? (values ??= event.environment.values())[index]
      : event.environment.get(match.key);
    if (value === undefined || matchesValue(match, value, environment) === Boolean(match.negated)) {
      return false;
    }
  }
  return true;
}

function matchesValue(match: Match, value: string, environment: Environment): boolean {
  try {
    return matchesPattern(expand(match.value, environment), value);
  } catch (error) {
    // A variable that is not set matches nothing, and neither does `!=` it.
    if (error instanceof ExpansionError) return Boolean(match.negated);
    throw error;
  }
}
