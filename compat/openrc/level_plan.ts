/** What a change of runlevels does to services: which are stopped, and what waits for what. */

import { ORDERING } from "./relations.ts";
import type { OrderQuery, ServiceFacts, Tree } from "./tree.ts";

/** A change of runlevels. */
export interface RunlevelChange {
  /** The runlevel that there is. */
  from: string;
  /** The runlevel that is entered: the same one where it is entered anew. */
  to: string;
  bootLevel: string;
  /** The machine goes down, or to a single user. */
  goesDown: boolean;
  /** The services that are to be up afterwards. */
  wanted: ReadonlySet<string>;
  /** The services that are never stopped. */
  kept: readonly string[];
  facts: ServiceFacts;
  /** True for a service that is stopped whatever else is said, as its daemon has ended. */
  isCrashed(service: string): boolean;
  /** True for a service that has settings of its own in a runlevel. */
  hasSettings(service: string, level: string): boolean;
}

/** What is done with a service that is up: it is stopped, stays, or stays although it would be stopped. */
export type StopDecision = "stop" | "stay" | "keep";

/** The order of a runlevel's services: each behind those that it comes after. */
export function startOrder(
  tree: Tree,
  services: readonly string[],
  query: Omit<OrderQuery, "relations">,
): string[] {
  return tree.order(services, { ...query, relations: ORDERING });
}

/** What a change does to a service that is up. */
export function decideStop(tree: Tree, service: string, change: RunlevelChange): StopDecision {
  const { from, to, wanted } = change;
  if (change.kept.includes(service) || tree.hasKeyword(service, "-stop", "nostop")) return "keep";
  if (change.goesDown && tree.hasKeyword(service, "-shutdown", "noshutdown")) return "keep";
  if (change.isCrashed(service)) return "stop";
  if (wanted.has(service)) {
    const isOther = from !== to && (change.hasSettings(service, from) || change.hasSettings(service, to));
    return isOther ? "stop" : "stay";
  }
  const dependants = tree.order([service], {
    relations: ["needsme", "wantsme"],
    level: to,
    bootLevel: change.bootLevel,
    isStrict: true,
    facts: change.facts,
  });
  return dependants.some((one) => wanted.has(one)) ? "stay" : "stop";
}

/**
 * For each service of an order, those among it that come directly before it: nothing of the order lies between, whatever
 * else does.
 */
export function predecessors(
  tree: Tree,
  services: readonly string[],
  query: Omit<OrderQuery, "relations">,
): Map<string, Set<string>> {
  const places = new Map(services.map((service, index) => [service, index]));
  const near = { ...query, frontier: places };
  return new Map(services.map((service, index) => {
    const before = startOrder(tree, [service], near).filter((other) => (places.get(other) ?? index) < index);
    return [service, new Set(before)];
  }));
}

/** The same the other way round: for each service those that are stopped before it. */
export function successors(before: ReadonlyMap<string, ReadonlySet<string>>): Map<string, Set<string>> {
  const after = new Map(Array.from(before.keys(), (service) => [service, new Set<string>()]));
  for (const [service, firsts] of before) for (const first of firsts) after.get(first)?.add(service);
  return after;
}
