/** What a service depends on, and what depends on it, as the tree says. */

import {
  circleInWords,
  circleOfNeeds,
  type OrderQuery,
  type Relation,
  type ServiceFacts,
  type Tree,
} from "../../../../compat/openrc/mod.ts";
import { serviceFacts } from "../../../config/openrc/depend/facts.ts";
import { isSet } from "../../../config/openrc/rc_conf.ts";
import { loadTreeAloud } from "../tree.ts";
import type { ServiceRun } from "./service_run.ts";

/** So long a service waits for another one that is starting or stopping, in s. */
const WAIT_LIMIT = 60;

/** The words for services that may take as long as they like. */
const UNLIMITED = ["-timeout", "notimeout"];

/** The tree, as one service sees it. */
export class ServiceDependencies {
  private constructor(private readonly run: ServiceRun, readonly tree: Tree) {}

  /** Loads the tree, which is made anew where something has changed. */
  static async load(run: ServiceRun): Promise<ServiceDependencies> {
    run.tree ??= (await loadTreeAloud(run)).tree;
    return new ServiceDependencies(run, run.tree);
  }

  /** The needs that nothing meets. */
  get broken(): string[] {
    return this.tree.related(this.run.service.name, "broken");
  }

  /** A sentence on the circle by `need` that the service is in; undefined where it is in none. */
  get circle(): string | undefined {
    const { states, service: { name } } = this.run;
    const circle = circleOfNeeds(this.tree, name, (other) => states.state(other) === "started");
    return circle && circleInWords(circle);
  }

  /** The virtual services that this one is. */
  get provided(): string[] {
    return this.tree.related(this.run.service.name, "iprovide");
  }

  /** All services to which relations lead from this one, those first that are led to by others. */
  order(...relations: OrderQuery["relations"]): string[] {
    return this.orders(relations)[0]!;
  }

  /** The same for several sets of relations, at one moment. */
  orders(...sets: OrderQuery["relations"][]): string[][] {
    const facts = serviceFacts(this.run.states.directory);
    return sets.map((relations) => this.#order(relations, facts));
  }

  #order(relations: OrderQuery["relations"], facts: ServiceFacts): string[] {
    const { service: { name }, runlevel, settings } = this.run;
    return this.tree.order([name], {
      relations,
      level: runlevel,
      isStrict: isSet(settings, "rc_depend_strict", true),
      without: name,
      facts,
    });
  }

  /**
   * Waits until nobody changes the state of a service any more.
   * @returns false where that takes too long.
   */
  async wait(service: string): Promise<boolean> {
    const { states, messages, service: { name } } = this.run;
    const limit = this.tree.hasKeyword(service, ...UNLIMITED) ? Infinity : WAIT_LIMIT;
    return await states.lock(service).wait(limit, (remaining) => {
      messages.warn(`${name}: waiting for ${service} (${remaining} seconds)`);
    });
  }
}

/** The relations that a service's action answers with. */
export const QUERIES: readonly Relation[] = [
  "ineed",
  "iuse",
  "iwant",
  "needsme",
  "usesme",
  "wantsme",
  "iafter",
  "ibefore",
  "iprovide",
];
