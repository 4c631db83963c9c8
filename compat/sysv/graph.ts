/** Which service starts or stops before which, and why: the graph that headers describe. */

import { allSteps, type Steps } from "./steps.ts";
import { ALL, expand, type Facilities } from "./facilities.ts";
import { type HeaderFieldName, words } from "./header.ts";
import type { Catalog, Service } from "./service.ts";

export type Kind = "start" | "stop";

/** How much a field weighs: the first yields where a circle must be broken. */
export const STRENGTHS = ["all", "should", "before", "required"] as const;

export type Strength = typeof STRENGTHS[number];

/** `first` starts or stops before `then`. */
export interface ScriptEdge {
  first: Service;
  then: Service;
  strength: Strength;
  /** The headers that say so: one, or two that speak of a name which nothing provides. */
  reasons: Reason[];
}

/** What a header says: this service, in this field and line, speaks of this name. */
export interface Reason {
  service: Service;
  field: HeaderFieldName;
  line: number;
  /** As it is written, such as `$network`. */
  name: string;
}

/** A facility that is required and that no file defines. */
export interface UnknownFacility {
  service: Service;
  name: string;
}

/** The graph of starts or of stops. Services that share no runlevel do not wait for each other. */
export interface Graph {
  kind: Kind;
  services: readonly Service[];
  /** What comes before each service. */
  edges: Map<Service, ScriptEdge[]>;
  unknown: UnknownFacility[];
}

interface Field {
  name: HeaderFieldName;
  strength: Strength;
  /** The names come before the header's service, or it before them. */
  names: "first" | "then";
}

const FIELDS: Record<Kind, Field[]> = {
  start: [
    { name: "Required-Start", strength: "required", names: "first" },
    { name: "Should-Start", strength: "should", names: "first" },
    { name: "X-Start-Before", strength: "before", names: "then" },
  ],
  stop: [
    { name: "Required-Stop", strength: "required", names: "then" },
    { name: "Should-Stop", strength: "should", names: "then" },
    { name: "X-Stop-After", strength: "before", names: "first" },
  ],
};

/** Half an edge: what a header says of a name that nothing provides. */
interface Loose {
  service: Service;
  reason: Reason;
  strength: Strength;
}

/** Builds the graph of all services of a catalog. */
export function buildGraph(kind: Kind, catalog: Catalog, facilities: Facilities): Graph {
  const builder = new GraphBuilder(kind, catalog, facilities);
  const graph = allSteps(builder.build());
  builder.addAll();
  return graph;
}

/** The same, a service at each step, and without the edges of `$all`, of which there may be as many as pairs of services. */
export function graphInSteps(kind: Kind, catalog: Catalog, facilities: Facilities): Steps<Graph> {
  return new GraphBuilder(kind, catalog, facilities).build();
}

class GraphBuilder {
  readonly #graph: Graph;
  /** By the name that nothing provides: who comes before it, and who after it. */
  readonly #absent = new Map<string, { before: Loose[]; after: Loose[] }>();

  constructor(kind: Kind, readonly catalog: Catalog, readonly facilities: Facilities) {
    const services = catalog.all();
    this.#graph = { kind, services, edges: new Map(services.map((one) => [one, []])), unknown: [] };
  }

  *build(): Steps<Graph> {
    for (const service of this.#graph.services) {
      for (const field of FIELDS[this.#graph.kind]) this.#read(service, field);
      yield;
    }
    for (const { before, after } of this.#absent.values()) {
      for (const one of before) {
        for (const other of after) this.#join(one, other);
        yield;
      }
    }
    return this.#graph;
  }

  /** Adds the edges of `$all`. What comes after all is seen from the rest of the graph. */
  addAll(): void {
    const all = this.#graph.services.filter((service) => reasonOfAll(this.#graph.kind, service));
    const free = freeServices(this.#graph);
    for (const service of all) this.#comeAfterAll(service, all, free);
  }

  #read(service: Service, field: Field): void {
    for (const name of words(service.header, field.name)) {
      const reason = { service, field: field.name, line: service.header!.fields[field.name]!.line, name };
      const { services, unknown } = expand(this.facilities, name);
      if (field.strength === "required") {
        this.#graph.unknown.push(...unknown.map((facility) => ({ service, name: facility })));
      }
      for (const member of services) {
        this.#relate({ service, reason, strength: field.strength }, field.names, member.name);
      }
    }
  }

  #relate(one: Loose, names: "first" | "then", name: string): void {
    const other = this.catalog.provider(name);
    if (other === undefined) {
      const absent = this.#absent.get(name) ?? { before: [], after: [] };
      (names === "first" ? absent.after : absent.before).push(one);
      this.#absent.set(name, absent);
    } else {
      const [first, then] = names === "first" ? [other, one.service] : [one.service, other];
      this.#add({ first, then, strength: one.strength, reasons: [one.reason] });
    }
  }

  /** Who comes before an absent name comes before those that come after it. */
  #join(one: Loose, other: Loose): void {
    const strength = weaker(one.strength, other.strength);
    this.#add({ first: one.service, then: other.service, strength, reasons: [other.reason, one.reason] });
  }

  /** With `$all`: after all that nothing else comes after, and so after all; at a stop, before them. */
  #comeAfterAll(service: Service, all: Service[], free: ReadonlySet<Service>): void {
    const { kind } = this.#graph;
    const reason = reasonOfAll(kind, service)!;
    for (const other of this.#graph.services) {
      // At a stop, insserv looks only at what starts in the same runlevels for others that come before.
      const isInner = !free.has(other) && (kind === "start" || (service.start & other.start) !== 0);
      if (all.includes(other) || isInner) continue;
      const [first, then] = kind === "start" ? [other, service] : [service, other];
      this.#add({ first, then, strength: "all", reasons: [reason] });
    }
  }

  #add(edge: ScriptEdge): void {
    const { kind } = this.#graph;
    if (edge.first === edge.then || (edge.first[kind] & edge.then[kind]) === 0) return;
    this.#graph.edges.get(edge.then)!.push(edge);
  }
}

/** The services that nothing comes after at a start, or before at a stop. */
function freeServices({ kind, services, edges }: Graph): Set<Service> {
  const ahead = new Set([...edges.values()].flat().map(({ first }) => first));
  return new Set(services.filter((one) => kind === "start" ? !ahead.has(one) : edges.get(one)!.length === 0));
}

/** Where a header has `$all`. */
function reasonOfAll(kind: Kind, service: Service): Reason | undefined {
  for (const { name } of FIELDS[kind]) {
    if (!words(service.header, name).includes(ALL)) continue;
    return { service, field: name, line: service.header!.fields[name]!.line, name: ALL };
  }
  return undefined;
}

function weaker(one: Strength, other: Strength): Strength {
  return STRENGTHS[Math.min(STRENGTHS.indexOf(one), STRENGTHS.indexOf(other))]!;
}

/** True where two services have a runlevel of this kind in common. */
export function shareLevel(one: Service, other: Service, kind: Kind): boolean {
  return (one[kind] & other[kind]) !== 0;
}
