/**
 * What init scripts that are jobs wait for: one relation for starts and stops, which is that of the starts; what starts later
 * stops earlier. Where headers say something else of the stops, that counts as far as it agrees with the starts.
 */

import type { Steps } from "./steps.ts";
import { goesDown } from "../../lib/model/sysv/runlevels.ts";
import { type Circle, circlesBroken } from "./circles.ts";
import type { Facilities } from "./facilities.ts";
import { type Graph, graphInSteps, type Kind, type ScriptEdge } from "./graph.ts";
import { LEVELS } from "./levels.ts";
import type { Link } from "./plan.ts";
import type { Catalog, Service } from "./service.ts";

/** So many circles are told of, and broken here. Should there be more, the engine breaks them. */
const MOST_CIRCLES = 20;

/** What the scripts wait for. */
interface Relations {
  /** The services that come before each at a start, with the edge that counts most of those between the two. */
  before: Map<Service, Map<Service, ScriptEdge>>;
  /** Circles of the headers of starts and of stops. */
  circles: Array<{ kind: Kind; circle: Circle }>;
}

/**
 * Finds what the services of a catalog wait for, in steps. `$all` is left out.
 * @param links Those of the scripts without dependencies of their own, which keep their numbers, and of all others.
 * @param isNumbered Whether a service keeps its numbers.
 */
export function* relationsOf(
  catalog: Catalog,
  facilities: Facilities,
  links: readonly Link[],
  isNumbered: (service: Service) => boolean,
): Steps<Relations> {
  const circles: Relations["circles"] = [];
  const broken = function* (kind: Kind): Steps<Graph> {
    const graph = yield* graphInSteps(kind, catalog, facilities);
    circles.push(...(yield* circlesBroken(graph, MOST_CIRCLES)).map((circle) => ({ kind, circle })));
    return graph;
  };
  const start = yield* broken("start"), stop = yield* broken("stop");
  const all: Graph = { ...start, edges: new Map(start.services.map((one) => [one, []])) };
  // Where circles are closed by what is added now, that gives way: it counts least.
  const meant = new Map<ScriptEdge, ScriptEdge>();
  const add = (edge: ScriptEdge, original = edge) => {
    meant.set(edge, original);
    all.edges.get(edge.then)!.push(edge);
  };
  for (const edges of start.edges.values()) {
    for (const edge of edges) add(edge);
    yield;
  }
  for (const edges of stop.edges.values()) {
    for (const edge of edges) {
      add({ first: edge.then, then: edge.first, strength: "all", reasons: edge.reasons }, edge);
    }
    yield;
  }
  yield* addNumbers(catalog, links, isNumbered, add);
  yield* circlesBroken(all, MOST_CIRCLES);
  const before: Relations["before"] = new Map();
  for (const [service, edges] of all.edges) {
    before.set(service, strongest(edges, meant));
    yield;
  }
  return { before, circles };
}

/**
 * How many services wait for each, one after the other: the longest chain behind it. Of those that may start, the one with
 * the longest chain is to go first, for all others have time. A service that nobody waits for is left out.
 */
export function chainsBehind(before: Relations["before"]): ReadonlyMap<Service, number> {
  const chains = new Map<Service, number>(), followers = new Map<Service, number>();
  for (const firsts of before.values()) {
    for (const first of firsts.keys()) followers.set(first, (followers.get(first) ?? 0) + 1);
  }
  const known = Array.from(before.keys()).filter((service) => !followers.has(service));
  for (const service of known) {
    const length = 1 + (chains.get(service) ?? 0);
    for (const first of before.get(service)?.keys() ?? []) {
      chains.set(first, Math.max(length, chains.get(first) ?? 0));
      const left = followers.get(first)! - 1;
      followers.set(first, left);
      if (left === 0) known.push(first);
    }
  }
  return chains;
}

/** Of the edges to each service, the one that counts most. */
function strongest(
  edges: readonly ScriptEdge[],
  meant: ReadonlyMap<ScriptEdge, ScriptEdge>,
): Map<Service, ScriptEdge> {
  const before = new Map<Service, ScriptEdge>();
  for (const edge of edges) {
    const original = meant.get(edge)!;
    if (before.get(edge.first)?.strength !== "required") before.set(edge.first, original);
  }
  return before;
}

/**
 * Adds the order that the numbers of links say, as far as scripts are concerned that have nothing else. Each waits for those
 * with smaller numbers, as far back as the last such script, which waits for those before it.
 */
function* addNumbers(
  catalog: Catalog,
  links: readonly Link[],
  isNumbered: (service: Service) => boolean,
  add: (edge: ScriptEdge) => void,
): Steps<void> {
  for (const level of LEVELS) {
    const here = links.filter((link) => link.level === level);
    // There links of kind S come behind those of kind K.
    const isDown = goesDown(level);
    const starts = isDown ? [] : here.filter(({ kind }) => kind === "start");
    const stops = isDown ? here : here.filter(({ kind }) => kind === "stop");
    for (const [one, other] of inTurn(groupsOf(starts, catalog), isNumbered)) add(edge(one, other));
    yield;
    // Who stops later has started earlier.
    for (const [one, other] of inTurn(groupsOf(stops, catalog), isNumbered)) add(edge(other, one));
    yield;
  }
}

function edge(first: Service, then: Service): ScriptEdge {
  return { first, then, strength: "all", reasons: [] };
}

/** The services of links in groups with one number each, in order. */
function groupsOf(links: readonly Link[], catalog: Catalog): Service[][] {
  const place = ({ kind, name }: Link) => (kind === "start" ? 100 : 0) + Number(name.slice(1, 3));
  const groups = Map.groupBy(links, place);
  return [...groups].sort(([one], [other]) => one - other).map((
    [, group],
  ) => [...new Set(group.flatMap(({ script }) => catalog.ofScript(script) ?? []))]);
}

/** Pairs of services of which the second one comes after the first. */
function* inTurn(
  groups: readonly Service[][],
  isNumbered: (service: Service) => boolean,
): Iterable<[Service, Service]> {
  let since: Service[] = [];
  let last: Service[] = [];
  for (const group of groups) {
    const numbered = group.filter(isNumbered), others = group.filter((one) => !isNumbered(one));
    for (const then of numbered) for (const first of [...last, ...since]) yield [first, then];
    for (const then of others) for (const first of last) yield [first, then];
    if (numbered.length > 0) [last, since] = [numbered, others];
    else since = [...since, ...others];
  }
}
