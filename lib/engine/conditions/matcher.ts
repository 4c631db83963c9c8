/** The matcher of a condition: a `start on` or `stop on` tree together with the events that it has taken. */

import {
  type EventCondition,
  type JobCondition,
  levelOf,
  type Match,
  WHILE_UP,
} from "../../model/condition.ts";
import { Environment } from "../../model/environment.ts";
import { expand, ExpansionError } from "../../model/expand.ts";
import type { Event } from "../events/event.ts";
import { matchesPattern } from "./pattern.ts";

/** No variables. */
const NONE = new Environment();

interface Node {
  readonly condition: JobCondition;
  readonly left?: Node;
  readonly right?: Node;
  /** The event that a leaf has taken. */
  event?: Event;
  /** Of a leaf that says that a job is up: true when it is. */
  isUp?: boolean;
}

/** The state of one condition. It holds every event that it has taken until {@link Matcher.reset}. */
export class Matcher {
  readonly #root: Node;
  readonly #leaves: Node[] = [];
  /** The leaves: all events that the condition mentions, in the order of the stanza. */
  readonly leaves: readonly EventCondition[];

  /** The variables that values may refer to, where none are given with an event. */
  variables = NONE;

  /** @param release Called with each event that the matcher stops holding. */
  constructor(readonly condition: JobCondition, readonly release: (event: Event) => void) {
    this.#root = this.#addNode(condition);
    this.leaves = this.#leaves.map((leaf) => leaf.condition as EventCondition);
  }

  /** True when a value of the condition refers to a variable. */
  get refersToVariables(): boolean {
    return this.leaves.some(({ matches }) => matches.some(({ value }) => value.includes("$")));
  }

  /** True when the condition as a whole is met. */
  get satisfied(): boolean {
    return isTrue(this.#root);
  }

  /** True when the condition says of any job that it is up. */
  get hasLevels(): boolean {
    return this.leaves.some((leaf) => levelOf(leaf) !== undefined);
  }

  /** True unless jobs that are not up make it impossible that the condition is met, whatever events come. */
  get levelsAllow(): boolean {
    return isTrue(this.#root, ({ condition, isUp }) => !isLevel(condition) || Boolean(isUp));
  }

  /** Asks for each job of which the condition says that it is up, whether it is. */
  setLevels(isUp: (name: string) => boolean): void {
    for (const leaf of this.#leaves) {
      const name = levelOf(leaf.condition as EventCondition);
      if (name !== undefined) leaf.isUp = isUp(name);
    }
  }

  /** Which of the leaves say that a job is up that is. */
  get up(): number[] {
    return this.#leaves.flatMap(({ isUp }, index) => isUp ? [index] : []);
  }

  /** Gives the event to the leaves that match it and have none yet. True when any has taken it. */
  take(event: Event, environment = this.variables): boolean {
    let taken = false;
    for (const leaf of this.#leaves) {
      if (leaf.event || !matchesEvent(leaf.condition as EventCondition, event, environment)) continue;
      leaf.event = event;
      event.holders++;
      taken = true;
    }
    return taken;
  }

  /** True when a leaf matches such an event, whether or not it has taken one. */
  wouldTake(event: Event, environment: Environment): boolean {
    return this.#leaves.some((leaf) => matchesEvent(leaf.condition as EventCondition, event, environment));
  }

  /** The event that each leaf has taken, in the order of the stanza. */
  get taken(): Array<Event | undefined> {
    return this.#leaves.map((leaf) => leaf.event);
  }

  /** Gives each leaf the event that it had taken when the engine was saved, in the order of {@link Matcher.taken}. */
  restore(taken: Array<Event | undefined>, up: readonly number[]): void {
    for (const index of up) if (this.#leaves[index]) this.#leaves[index].isUp = true;
    taken.forEach((event, index) => {
      const leaf = this.#leaves[index];
      if (!leaf || !event) return;
      leaf.event = event;
      event.holders++;
    });
  }

  /** The events that satisfy the condition, in the order of the stanza; without those of an `and` met in part. */
  events(): Event[] {
    const found: Event[] = [];
    collect(this.#root, found);
    return found;
  }

  /** Releases all events. */
  reset(): void {
    for (const leaf of this.#leaves) {
      const event = leaf.event;
      if (!event) continue;
      delete leaf.event;
      this.release(event);
    }
  }

  /** Takes the events over from the matcher of an equal condition. */
  takeOver(other: Matcher): void {
    this.#leaves.forEach((leaf, index) => {
      const theirs = other.#leaves[index];
      if (theirs?.isUp) leaf.isUp = true;
      if (!theirs?.event) return;
      leaf.event = theirs.event;
      delete theirs.event;
    });
  }

  #addNode(condition: JobCondition): Node {
    if (condition.kind === "event") {
      const leaf: Node = { condition };
      this.#leaves.push(leaf);
      return leaf;
    }
    const left = this.#addNode(condition.left);
    return { condition, left, right: this.#addNode(condition.right) };
  }
}

function isTrue(node: Node, isMet: (leaf: Node) => boolean = isMetNow): boolean {
  if (!node.left || !node.right) return isMet(node);
  return node.condition.kind === "and"
    ? isTrue(node.left, isMet) && isTrue(node.right, isMet)
    : isTrue(node.left, isMet) || isTrue(node.right, isMet);
}

function isMetNow({ event, isUp }: Node): boolean {
  return event !== undefined || Boolean(isUp);
}

function isLevel(condition: JobCondition): boolean {
  return condition.kind === "event" && levelOf(condition) !== undefined;
}

function collect(node: Node, found: Event[]): void {
  if (!isTrue(node)) return;
  if (node.event) found.push(node.event);
  if (node.left) collect(node.left, found);
  if (node.right) collect(node.right, found);
}

function matchesEvent(condition: EventCondition, event: Event, environment: Environment): boolean {
  if (condition.name !== event.name || condition.name === WHILE_UP) return false;
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
