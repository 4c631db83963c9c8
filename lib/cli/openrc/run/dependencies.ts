/** What a service depends on, and what depends on it, as the tree says. */

import process from "node:process";
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
import type { ServiceStates } from "../../../config/openrc/states.ts";
import { processStatus } from "../../../sys/process/procfs.ts";
import { loadTreeAloud } from "../tree.ts";
import type { ServiceRun } from "./service_run.ts";

/** So long a service waits for another one that is starting or stopping, in s. */
export const WAIT_LIMIT = 60;

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
   * Waits until nobody changes the state of a service any more. Nothing is waited for that waits for this service.
   * @returns why that is given up: it takes too long, or is a circle, which is told.
   */
  async wait(service: string): Promise<"is over" | "takes long" | "is a circle"> {
    const { states, messages, lock, service: { name } } = this.run;
    if (!states.lock(service).isHeld) return "is over";
    return await lock.waitingFor(service, async () => {
      const way = wayBack(states, service, name);
      if (way) {
        messages.error(`${name}: ${waitsInWords([name, ...way])}: none of them would go on`);
        return "is a circle";
      }
      if (ownAncestors().includes(states.lock(service).script ?? NaN)) {
        messages.warn(`${name}: waiting for ${service}, whose script has called this, and may wait for it`);
      }
      const limit = this.tree.hasKeyword(service, ...UNLIMITED) ? Infinity : WAIT_LIMIT;
      const isFree = await states.lock(service).wait(limit, (remaining) => {
        messages.warn(`${name}: waiting for ${service} (${remaining} seconds)`);
      });
      return isFree ? "is over" : "takes long";
    });
  }
}

/** The services from one to another, each of which waits for the next; undefined where the other one is not waited for. */
function wayBack(
  states: ServiceStates,
  from: string,
  to: string,
  seen: Set<string> = new Set(),
): string[] | undefined {
  if (from === to) return [to];
  seen.add(from);
  const lock = states.lock(from);
  for (const next of lock.isHeld ? lock.waits : []) {
    const way = seen.has(next) ? undefined : wayBack(states, next, to, seen);
    if (way) return [from, ...way];
  }
  return undefined;
}

/** The processes that have called this one, the nearest first. */
function ownAncestors(): number[] {
  const ancestors: number[] = [];
  for (let pid = process.ppid; pid > 1; pid = processStatus(pid)?.parent ?? 0) ancestors.push(pid);
  return ancestors;
}

function waitsInWords(services: readonly string[]): string {
  return services.slice(1).map((service, index) => `${services[index]} waits for ${service}`).join(", ");
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
