/**
 * An index of conditions by event. It finds them by the event's name and by the value that they require of one
 * variable: thousands of jobs may wait for `started`, each for another job's.
 */

import type { EventCondition, Match } from "../../model/condition.ts";
import type { Subscriber } from "../engine_state.ts";
import type { Event } from "../events/event.ts";
import type { Matcher } from "./matcher.ts";

/** A condition in the index. An event is shown to those with lower numbers first. */
interface Subscription {
  matcher: Matcher;
  subscriber: Subscriber;
  number: number;
}

type Subscriptions = Map<Matcher, Subscription>;

/** The conditions that mention one event. */
interface EventSubscriptions {
  /** Conditions that could take the event whatever its variables are. */
  always: Subscriptions;
  /** The others, by the variable (empty: the first one, whatever its name) and the value that they require of it. */
  byValue: Map<string, Map<string, Subscriptions>>;
}

/** The conditions of all jobs and instances. */
export class SubscriptionIndex {
  readonly #events = new Map<string, EventSubscriptions>();
  #last = 0;

  /** Adds a condition, behind those that are there. */
  add(matcher: Matcher, subscriber: Subscriber): void {
    const subscription: Subscription = { matcher, subscriber, number: ++this.#last };
    for (const leaf of matcher.leaves) {
      subscriptionsOf(getOrMake(this.#events, leaf.name, newEvent), leaf).set(matcher, subscription);
    }
  }

  /** Removes a condition. */
  remove(matcher: Matcher): void {
    for (const leaf of matcher.leaves) {
      const event = this.#events.get(leaf.name);
      if (!event) continue;
      subscriptionsOf(event, leaf).delete(matcher);
      deleteEmpty(event, leaf.matches[0]);
      if (event.always.size === 0 && event.byValue.size === 0) this.#events.delete(leaf.name);
    }
  }

  /** All conditions, in the order in which they were added. */
  get all(): Matcher[] {
    const found = new Set<Subscription>();
    for (const { always, byValue } of this.#events.values()) {
      for (const subscription of always.values()) found.add(subscription);
      for (const values of byValue.values()) {
        for (const subscriptions of values.values()) {
          for (const subscription of subscriptions.values()) found.add(subscription);
        }
      }
    }
    return inOrder(found).map(({ matcher }) => matcher);
  }

  /** Whose conditions mention an event of this name, once for each mention. */
  *subscribers(name: string): Iterable<Subscriber> {
    const event = this.#events.get(name);
    if (!event) return;
    for (const { subscriber } of event.always.values()) yield subscriber;
    for (const values of event.byValue.values()) {
      for (const found of values.values()) for (const { subscriber } of found.values()) yield subscriber;
    }
  }

  /** The conditions that could take an event, in the order in which they were added. */
  for(event: Event): Subscription[] {
    const subscriptions = this.#events.get(event.name);
    if (!subscriptions) return [];
    const found = new Set(subscriptions.always.values());
    for (const [variable, byValue] of subscriptions.byValue) {
      const value = variable === "" ? firstValue(event) : event.environment.get(variable);
      for (const subscription of byValue.get(value ?? "")?.values() ?? []) found.add(subscription);
    }
    return inOrder(found);
  }
}

function inOrder(subscriptions: Iterable<Subscription>): Subscription[] {
  return Array.from(subscriptions).sort((one, other) => one.number - other.number);
}

function newEvent(): EventSubscriptions {
  return { always: new Map(), byValue: new Map() };
}

function newMap<Key, Value>(): Map<Key, Value> {
  return new Map();
}

/** Where in the index a condition on one event is. */
function subscriptionsOf(
  { always, byValue }: EventSubscriptions,
  { matches: [first] }: EventCondition,
): Subscriptions {
  if (!first || first.negated || !isLiteral(first.value)) return always;
  const values = getOrMake(byValue, first.key ?? "", newMap<string, Subscriptions>);
  return getOrMake(values, first.value, newMap<Matcher, Subscription>);
}

function deleteEmpty({ byValue }: EventSubscriptions, match: Match | undefined): void {
  const values = match && byValue.get(match.key ?? "");
  if (!values) return;
  if (values.get(match.value)?.size === 0) values.delete(match.value);
  if (values.size === 0) byValue.delete(match.key ?? "");
}

/** True for a value that matches only itself: it holds no pattern and no variable. */
export function isLiteral(value: string): boolean {
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
