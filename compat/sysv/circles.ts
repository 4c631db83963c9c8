/** Circles: services that wait for each other. They are found, and broken at the weakest edge. */

import { allSteps, type Steps } from "../../lib/model/sysv/steps.ts";
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

/** A circle of the graph; undefined where there is none. */
export function findCircle(graph: Graph): Circle | undefined {
  const sorted = new Set(sortedServices(graph));
  // Each service that is left waits for another one that is left, so the way back ends in a circle.
  const start = graph.services.find((service) => !sorted.has(service));
  const way: ScriptEdge[] = [];
  for (let service = start; service !== undefined;) {
    const edge: ScriptEdge = graph.edges.get(service)!.find(({ first }) => !sorted.has(first))!;
    way.unshift(edge);
    const met = way.findIndex(({ then }) => then === edge.first);
    if (met >= 0) return way.slice(0, met + 1);
    service = edge.first;
  }
  return undefined;
}

/** The edge at which a circle is broken: should before required, `$all` before both. */
export function weakest(circle: Circle): ScriptEdge {
  const weight = (edge: ScriptEdge) => STRENGTHS.indexOf(edge.strength);
  return circle.reduce((least, edge) => weight(edge) < weight(least) ? edge : least);
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
