/** The whole order: from a catalog to numbers and the links that carry them. */

import { breakCircles, type Circle } from "./circles.ts";
import type { Facilities } from "./facilities.ts";
import { buildGraph, type Graph, type Kind, type UnknownFacility } from "./graph.ts";
import { LEVELS } from "./levels.ts";
import { byNumber, lastStart, linkName, numbersOf } from "./order.ts";
import type { Catalog, Service } from "./service.ts";

/** A graph with the numbers of its services. */
export interface Numbered {
  graph: Graph;
  numbers: ReadonlyMap<Service, number>;
}

/** The order of all services, and what is wrong with what their headers say. */
export interface Order {
  start: Numbered;
  stop: Numbered;
  /** Circles that were there. Each is broken at its weakest edge. */
  circles: Array<{ kind: Kind; circle: Circle }>;
  unknown: UnknownFacility[];
}

/** A link such as `rc2.d/S03cron`. */
export interface Link {
  level: string;
  /** Its name in the directory of the level. */
  name: string;
  kind: Kind;
  /** The script that it stands for. */
  script: string;
}

/** Computes the order of all services of a catalog. */
export function computeOrder(catalog: Catalog, facilities: Facilities): Order {
  const ordered = (kind: Kind) => {
    const graph = buildGraph(kind, catalog, facilities);
    const circles = breakCircles(graph).map((circle) => ({ kind, circle }));
    return { graph, circles, numbers: numbersOf(graph) };
  };
  const [start, stop] = [ordered("start"), ordered("stop")];
  return {
    start,
    stop,
    circles: [...start.circles, ...stop.circles],
    unknown: [...start.graph.unknown, ...stop.graph.unknown],
  };
}

/** The links that enabled services are to have, by levels and in insserv's order. */
export function plannedLinks({ start, stop }: Order): Link[] {
  const services = start.graph.services.filter((service) => service.enabled);
  const hasInteractive = services.some((service) => service.interactive);
  const sorted = hasInteractive ? byNumber(services, start.numbers, lastStart(start.numbers)) : services;
  return LEVELS.flatMap((level, index) =>
    sorted.flatMap((service) =>
      ([[start, "start", "S"], [stop, "stop", "K"]] as const).flatMap(([order, kind, letter]): Link[] => {
        if ((service[kind] & 1 << index) === 0) return [];
        const name = linkName(letter, order.numbers.get(service)!, service.script);
        return [{ level, name, kind, script: service.script }];
      })
    )
  );
}
