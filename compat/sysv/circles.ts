/** Circles: services that wait for each other. They are found, and broken at the weakest edge. */

import { allSteps, type Steps } from "./steps.ts";
import { type Graph, type ScriptEdge, STRENGTHS } from "./graph.ts";
import type { Service } from "./service.ts";

/** The edges of a circle: each one's `then` is the `first` of the next, and the last one's that of the first. */
export type Circle = ScriptEdge[];

/** The services in an order in which each comes after all that it waits for; those of circles and after them are left out. */
export function sortedServices({ services, edges }: Graph): Service[] {
  const waiting = new Map(services.map((service) => [service, edges.get(service)!.length]));
  const after = Map.groupBy([...edges.values()].flat(), (edge) => edge.first);
  const sorted = services.filter((service) => waiting.get(service) === 0);
  for (const service of sorted) {
    for (const { then } of after.get(service) ?? []) {
      const left = waiting.get(then)! - 1;
      waiting.set(then, left);
      if (left === 0) sorted.push(then);
    }
  }
  return sorted;
}

/**
 * A circle of the graph; undefined where there is none. Which one it is depends on the scripts alone, and not on the
 * order in which a directory or a command line has them: what makes the links, and what boots by them, are to agree.
 */
export function findCircle(graph: Graph): Circle | undefined {
  const sorted = new Set(sortedServices(graph));
  // Each service that is left waits for another one that is left, so the way back ends in a circle.
  const left = graph.services.filter((service) => !sorted.has(service));
  const start = left.length > 0
    ? left.reduce((one, other) => other.script < one.script ? other : one)
    : undefined;
  const way: ScriptEdge[] = [];
  for (let service = start; service !== undefined;) {
    const edges = graph.edges.get(service)!.filter(({ first }) => !sorted.has(first));
    const edge: ScriptEdge = edges.reduce((one, other) => isNearer(other, one) ? other : one);
    way.unshift(edge);
    const met = way.findIndex(({ then }) => then === edge.first);
    if (met >= 0) return way.slice(0, met + 1);
    service = edge.first;
  }
  return undefined;
}

/** Of two edges between the same services, the stronger one says how much they wait. */
function isNearer(one: ScriptEdge, other: ScriptEdge): boolean {
  if (one.first.script !== other.first.script) return one.first.script < other.first.script;
  return weightOf(one) > weightOf(other);
}

function weightOf({ strength }: ScriptEdge): number {
  return STRENGTHS.indexOf(strength);
}

/**
 * The edge at which a circle is broken: should before required, `$all` before both; of several, that of the script whose
 * name comes first, so that what its header says is passed over at starts and at stops.
 */
export function weakest(circle: Circle): ScriptEdge {
  const speaker = ({ reasons, then }: ScriptEdge) => (reasons[0]?.service ?? then).script;
  return circle.reduce((least, edge) =>
    (weightOf(edge) - weightOf(least) || (speaker(edge) < speaker(least) ? -1 : 0)) < 0 ? edge : least
  );
}

/**
 * Takes edges out of a graph until it has no circle. Returns the circles that it had, in the order of their breaking.
 * @param most After so many it gives up.
 */
export function breakCircles(graph: Graph, most?: number): Circle[] {
  return allSteps(circlesBroken(graph, most));
}

/** The same, a circle at each step. */
export function* circlesBroken(graph: Graph, most = Infinity): Steps<Circle[]> {
  const circles: Circle[] = [];
  for (let circle; circles.length < most && (circle = findCircle(graph));) {
    circles.push(circle);
    const { first, then } = weakest(circle);
    // Other edges between the two would be the next to yield.
    graph.edges.set(then, graph.edges.get(then)!.filter((edge) => edge.first !== first));
    yield;
  }
  return circles;
}
