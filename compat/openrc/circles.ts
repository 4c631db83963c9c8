/** Circles of services: each waits for the next. */

import { ORDERING } from "./relations.ts";
import type { Tree } from "./tree.ts";

/** The services of a circle, each with the relation by which it waits for the next one; the last waits for the first. */
export type ServiceCircle = { service: string; relation: string }[];

/** The words for the relations. */
const WORDS: Readonly<Record<string, string>> = {
  ineed: "needs",
  iuse: "uses",
  iwant: "wants",
  iafter: "comes after",
};

/** One circle of each set of services that wait for each other. */
export function findCircles(tree: Tree): ServiceCircle[] {
  const waits = new Map(tree.names.map((service) => [service, waitsOf(tree, service)]));
  return components(waits).filter((members) => members.length > 1).map((members) => {
    const isMember = new Set(members);
    const waitsAmong = (service: string) =>
      new Map([...waits.get(service)!].filter(([other]) => isMember.has(other)));
    return shortestCircle(members[0]!, waitsAmong)!;
  });
}

/**
 * The circle by `need` that a service is in, so that it cannot start; undefined where there is none. A service that needs itself
 * is in none, and a virtual service that several provide makes none: another one may be up.
 * @param isMet Asked of each need: true where it has started
 */
export function circleOfNeeds(
  tree: Tree,
  service: string,
  isMet: (service: string) => boolean,
): ServiceCircle | undefined {
  return shortestCircle(service, (name) => {
    const needs = tree.related(name, "ineed").flatMap((named) => {
      const providers = tree.related(named, "providedby");
      return providers.length > 1 ? [] : [providers[0] ?? named];
    });
    return new Map(needs.filter((other) => other !== name && !isMet(other)).map((other) => [other, "ineed"]));
  });
}

/** A sentence on a circle. */
export function circleInWords(circle: ServiceCircle): string {
  const steps = circle.map(({ service, relation }, index) =>
    `${service} ${WORDS[relation]} ${circle[(index + 1) % circle.length]!.service}`
  );
  return `Services wait for each other in a circle: ${steps.join(", ")}`;
}

type Waits = Map<string, Map<string, string>>;

/**
 * The services for which one waits, with the relation. A virtual one stands for all that provide it, and what comes before
 * it comes before these.
 */
function waitsOf(tree: Tree, service: string): Map<string, string> {
  const waits = new Map<string, string>();
  const names = [service, ...tree.related(service, "iprovide")];
  for (const relation of ORDERING) {
    for (const named of names.flatMap((name) => tree.related(name, relation))) {
      const providers = tree.related(named, "providedby");
      for (const other of providers.length > 0 ? providers : [named]) {
        if (other !== service && tree.has(other) && !waits.has(other)) waits.set(other, relation);
      }
    }
  }
  return waits;
}

/** The sets of services that reach each other (Tarjan's algorithm, with a stack of its own). */
function components(waits: Waits): string[][] {
  const found: string[][] = [], open: string[] = [];
  const numbers = new Map<string, number>(), lowest = new Map<string, number>(), isOpen = new Set<string>();
  for (const root of waits.keys()) {
    const way: { name: string; next: Iterator<string> }[] = [];
    const enter = (name: string) => {
      numbers.set(name, numbers.size);
      lowest.set(name, numbers.get(name)!);
      open.push(name);
      isOpen.add(name);
      way.push({ name, next: (waits.get(name) ?? new Map<string, string>()).keys() });
    };
    const lower = (name: string, number: number) => lowest.set(name, Math.min(lowest.get(name)!, number));
    if (!numbers.has(root)) enter(root);
    for (let here; (here = way.at(-1));) {
      const { name, next } = here;
      const { done, value } = next.next();
      if (!done) {
        if (!numbers.has(value)) enter(value);
        else if (isOpen.has(value)) lower(name, numbers.get(value)!);
        continue;
      }
      way.pop();
      const parent = way.at(-1);
      if (parent) lower(parent.name, lowest.get(name)!);
      if (lowest.get(name) !== numbers.get(name)) continue;
      const members = open.splice(open.indexOf(name));
      for (const member of members) isOpen.delete(member);
      found.push(members);
    }
  }
  return found;
}

/** The shortest way from a service back to it; undefined where none leads there. */
function shortestCircle(
  start: string,
  waitsOf: (service: string) => ReadonlyMap<string, string>,
): ServiceCircle | undefined {
  const from = new Map<string, { service: string; relation: string }>();
  const queue = [start];
  for (const service of queue) {
    for (const [next, relation] of waitsOf(service)) {
      if (from.has(next)) continue;
      from.set(next, { service, relation });
      queue.push(next);
    }
    if (from.has(start)) break;
  }
  if (!from.has(start)) return undefined;
  const circle: ServiceCircle = [];
  let then = start;
  do {
    const step = from.get(then)!;
    circle.unshift(step);
    then = step.service;
  } while (then !== start);
  return circle;
}
