/**
 * Who is to be asked about an event. Conditions are found by the event's name and by the value that they want of one
 * variable: thousands of jobs may wait for `started`, each for another job's.
 */

import type { EventCondition, Match } from "../model/condition.ts";
import type { Event } from "./event.ts";
import type { Owner } from "./machine.ts";
import type { Matcher } from "./matcher.ts";

/** A condition that listens. Lower numbers are asked first. */
interface Listener {
  matcher: Matcher;
  owner: Owner;
  number: number;
}

type Listeners = Map<Matcher, Listener>;

/** The conditions that mention one event. */
interface Mentions {
  /** Those that have to be asked whatever the event's variables are. */
  always: Listeners;
  /** The others by a variable (empty: the first one, whatever its name) and the value that it has to have. */
  byValue: Map<string, Map<string, Listeners>>;
}

/** The conditions of all jobs and instances. */
export class ListenerIndex {
  readonly #mentions = new Map<string, Mentions>();
  #last = 0;

  /** Adds a condition, to be asked after those before. */
  add(matcher: Matcher, owner: Owner): void {
    const listener: Listener = { matcher, owner, number: ++this.#last };
    for (const leaf of matcher.leaves) {
      placeOf(getOrMake(this.#mentions, leaf.name, newMentions), leaf).set(matcher, listener);
    }
  }

  /** Takes a condition out. */
  remove(matcher: Matcher): void {
    for (const leaf of matcher.leaves) {
      const mentions = this.#mentions.get(leaf.name);
      if (!mentions) continue;
      placeOf(mentions, leaf).delete(matcher);
      forgetEmpty(mentions, leaf.matches[0]);
      if (mentions.always.size === 0 && mentions.byValue.size === 0) this.#mentions.delete(leaf.name);
    }
  }

  /** The owners of all conditions that mention an event of this name, once for each mention. */
  *owners(name: string): Iterable<Owner> {
    const mentions = this.#mentions.get(name);
    if (!mentions) return;
    for (const { owner } of mentions.always.values()) yield owner;
    for (const values of mentions.byValue.values()) {
      for (const listeners of values.values()) for (const { owner } of listeners.values()) yield owner;
    }
  }

  /** The conditions that could take an event, in the order in which they were added. */
  for(event: Event): Listener[] {
    const mentions = this.#mentions.get(event.name);
    if (!mentions) return [];
    const found = new Set(mentions.always.values());
    for (const [variable, byValue] of mentions.byValue) {
      const value = variable === "" ? firstValue(event) : event.environment.get(variable);
      for (const listener of byValue.get(value ?? "")?.values() ?? []) found.add(listener);
    }
    return Array.from(found).sort((one, other) => one.number - other.number);
  }
}

function newMentions(): Mentions {
  return { always: new Map(), byValue: new Map() };
}

function newMap<Key, Value>(): Map<Key, Value> {
  return new Map();
}

function placeOf({ always, byValue }: Mentions, { matches: [first] }: EventCondition): Listeners {
  if (!first || first.negated || !isLiteral(first.value)) return always;
  const values = getOrMake(byValue, first.key ?? "", newMap<string, Listeners>);
  return getOrMake(values, first.value, newMap<Matcher, Listener>);
}

function forgetEmpty({ byValue }: Mentions, match: Match | undefined): void {
  const values = match && byValue.get(match.key ?? "");
  if (!values) return;
  if (values.get(match.value)?.size === 0) values.delete(match.value);
  if (values.size === 0) byValue.delete(match.key ?? "");
}

/** True for a value that only itself matches: it has nothing of a pattern and no variable in it. */
function isLiteral(value: string): boolean {
  return !/[*?[\\$]/.test(value);
}

function firstValue(event: Event): string | undefined {
  return event.environment.values()[0];
}

function getOrMake<Key, Value>(map: Map<Key, Value>, key: Key, make: () => Value): Value {
  let value = map.get(key);
  if (value === undefined) map.set(key, value = make());
  return value;
}
