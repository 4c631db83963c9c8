/** The dependency tree: which services there are, how they depend on one another, and the orders that follow. */

import type { ServiceState } from "../../lib/model/openrc/states.ts";
import type { Relation } from "./relations.ts";

/** What is said of a service, and its keywords. */
export type TreeEntry = Map<Relation | "keyword", Set<string>>;

/** What the tree asks of the machine. */
export interface ServiceFacts {
  /** True for a service that has a link in the runlevel. */
  isIn(service: string, level: string): boolean;
  state(service: string): ServiceState;
  isHotplugged(service: string): boolean;
}

/** What an order is asked for. */
export interface OrderQuery {
  /** The relations that are followed. */
  relations: readonly (Relation | "keyword")[];
  /** The runlevel whose services count. */
  level: string;
  /** The runlevel of the boot, whose services count, too: `boot` by default. */
  bootLevel?: string | undefined;
  /** Of a virtual service, those that are in no runlevel provide nothing where others are. */
  isStrict?: boolean;
  /** Services are about to be started or stopped. Nothing hotplugged is overlooked then, or all that provide something count. */
  phase?: "start" | "stop" | undefined;
  /** Services beyond which nothing is followed. */
  frontier?: { has(service: string): boolean };
  /** A service that is not named itself. */
  without?: string | undefined;
  facts: ServiceFacts;
}

/** The relations that hold in any runlevel. */
const EVERYWHERE: readonly string[] = ["ineed", "needsme", "iwant", "wantsme"];

/** The tree. Virtual services are in it, with those that provide them. */
export class Tree {
  constructor(readonly entries: ReadonlyMap<string, TreeEntry>) {}

  /** The names of all services, virtual ones included, in the order of the scripts. */
  get names(): string[] {
    return [...this.entries.keys()];
  }

  has(service: string): boolean {
    return this.entries.has(service);
  }

  /** What a service's entry says, and nothing that follows from it. */
  related(service: string, relation: Relation | "keyword"): string[] {
    return [...this.entries.get(service)?.get(relation) ?? []];
  }

  /** True for a service with this keyword. @param word One of its names, such as `-stop` or `nostop` */
  hasKeyword(service: string, ...words: string[]): boolean {
    const keywords = this.entries.get(service)?.get("keyword");
    return keywords !== undefined && words.some((word) => keywords.has(word));
  }

  /**
   * These services and all to which the relations lead, each behind those that it leads to. Services that the tree does
   * not have are passed over; virtual ones are followed and not named.
   */
  order(services: readonly string[], query: OrderQuery): string[] {
    const visited = new Set<string>(), ordered: string[] = [];
    // No recursion: a chain may be longer than the stack is deep.
    const way: { name: string; next: Iterator<string> }[] = [];
    const enter = (name: string) => {
      const entry = this.entries.get(name);
      if (!entry || visited.has(name)) return;
      visited.add(name);
      if (way.length > 0 && query.frontier?.has(name)) return void ordered.push(name);
      way.push({ name, next: this.#following(name, entry, query, ordered) });
    };
    for (const service of services) {
      enter(service);
      for (let here; (here = way.at(-1));) {
        const { done, value } = here.next.next();
        if (!done) {
          enter(value);
          continue;
        }
        way.pop();
        if (here.name !== query.without && !this.entries.get(here.name)!.has("providedby")) {
          ordered.push(here.name);
        }
      }
    }
    return ordered;
  }

  /** The services that come directly before one. What a service provides is named at once. */
  *#following(name: string, entry: TreeEntry, query: OrderQuery, ordered: string[]): Iterator<string> {
    for (const relation of query.relations) {
      const related = entry.get(relation) ?? [];
      if (relation === "iprovide") {
        ordered.push(...related);
        continue;
      }
      for (const other of related) {
        if (!this.entries.has(other)) continue;
        const providers = this.providers(other, query);
        const real = providers.length > 0 ? providers : [other];
        yield* real.filter((one) => isValid(one, relation, query));
      }
    }
    for (const virtual of entry.get("iprovide") ?? []) {
      if (this.providers(virtual, query).includes(name)) yield virtual;
    }
  }

  /**
   * The services that count as a virtual one; none where nothing provides it, or more than one that is up does. What is up
   * comes before what is on its way, and that before the rest; of each those of the runlevel, those that were hotplugged,
   * those of the boot, and any others.
   */
  providers(virtual: string, query: OrderQuery): string[] {
    const all = this.related(virtual, "providedby");
    if (all.length === 0 || query.phase === "stop") return all;
    const { facts, level, bootLevel = "boot", phase, isStrict = false } = query;
    const isHotplugged = (service: string) => facts.isHotplugged(service);
    if (isStrict || phase === "start") {
      const own = all.filter((service) =>
        facts.isIn(service, level) || facts.isIn(service, bootLevel) ||
        phase === "start" && isHotplugged(service)
      );
      if (own.length > 0) return own;
    }
    const places = {
      level: (service: string) => facts.isIn(service, level),
      hotplugged: (service: string) =>
        isHotplugged(service) && !facts.isIn(service, level) && !facts.isIn(service, bootLevel),
      boot: (service: string) => level !== bootLevel && facts.isIn(service, bootLevel),
      any: () => true,
    };
    const single = (found: string[]) => found.length > 1 ? [] : found;
    const up = all.filter((service) => facts.state(service) === "started");
    const moving = all.filter((service) =>
      ["starting", "stopping", "inactive"].includes(facts.state(service))
    );
    const firstOf = (services: string[], among: (keyof typeof places)[]) =>
      among.map((place) => ({ place, found: services.filter(places[place]) }))
        .find(({ found }) => found.length > 0);
    const running = firstOf(up, ["level", "hotplugged", "boot", "any"]);
    if (running) return single(running.found);
    const changing = firstOf(moving, ["level", "hotplugged", "boot", "any"]);
    if (changing) return changing.found;
    const stopped = firstOf(all, ["level", "hotplugged", "boot"]);
    if (stopped) return stopped.place === "hotplugged" ? single(stopped.found) : stopped.found;
    return all.slice(0, 1);
  }
}

/** False for a service that is none of this runlevel's business, and only comes before or after others in its own. */
function isValid(
  service: string,
  relation: string,
  { facts, level, bootLevel = "boot" }: OrderQuery,
): boolean {
  if (EVERYWHERE.includes(relation) || facts.isIn(service, level)) return true;
  if (level === "sysinit" || level === "shutdown" && relation === "iafter") return false;
  return level !== bootLevel && facts.isIn(service, bootLevel) || facts.isHotplugged(service) ||
    facts.state(service) === "started";
}
