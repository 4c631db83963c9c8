/** What chaos has done so far, and what it still does: what was asked of whom, who must be left alone, what is short. */

import { until } from "../support/deadline.ts";
import { type Ask, placesOf } from "./expectation.ts";
import { definitionOf, fileOf, groupsOf, type Service } from "./services.ts";
import type { World } from "./world.ts";

/** How long services may take to get where they have to be, in ms: whatever was short may have to come back first. */
const LONGEST_SETTLING = 90_000;

/** Services that share a fate, with all that was asked of them, in its order. */
export interface Group {
  readonly services: readonly Service[];
  readonly asks: Ask[];
  /** True while something is asked of it: what else is asked at that time could come before or after it. */
  isLocked: boolean;
  /** True while files of it are away. */
  isRemoved: boolean;
}

/** The state of a run. */
export class ChaosState {
  readonly #groups: Map<string, Group>;
  readonly #versions = new Map<string, number>();
  /** The services whose files are broken. */
  readonly broken = new Set<Service>();
  /** What is under way of which there is one at a time. */
  readonly lanes = new Set<string>();
  /** When init was halted or replaced, from and until, in ms of Unix time. */
  readonly pauses: Array<{ from: number; until: number; isRestart: boolean }> = [];
  /** The numbers of the tasks that clients have waited for, and of those whose clients have vanished. */
  readonly tasks: number[] = [];
  readonly vanished: number[] = [];
  /** How often each thing was done. */
  readonly counts = new Map<string, number>();
  #tasks = 0;

  constructor(readonly world: World, readonly services: readonly Service[]) {
    const groups = new Map<readonly Service[], Group>();
    this.#groups = new Map();
    for (const [name, members] of groupsOf(services)) {
      const group = groups.get(members) ?? { services: members, asks: [], isLocked: false, isRemoved: false };
      groups.set(members, group);
      this.#groups.set(name, group);
    }
  }

  get groups(): Set<Group> {
    return new Set(this.#groups.values());
  }

  groupOf({ name }: Service): Group {
    return this.#groups.get(name)!;
  }

  count(what: string, times = 1): void {
    this.counts.set(what, (this.counts.get(what) ?? 0) + times);
  }

  /** A number that no other task has. */
  nextTask(): number {
    return ++this.#tasks;
  }

  versionOf({ name }: Service): number {
    return this.#versions.get(name) ?? 1;
  }

  /** Writes a service's file anew, with a version of its own. */
  edit(service: Service): void {
    this.#versions.set(service.name, this.versionOf(service) + 1);
    this.broken.delete(service);
    this.put(service, definitionOf(service, this.versionOf(service)));
  }

  /** Puts a file in the place of a service's, all at once. */
  put(service: Service, text: string): void {
    const path = this.world.path(fileOf(service));
    Deno.writeTextFileSync(`${path}.new-file`, text.replaceAll("@DIR@", this.world.directory));
    Deno.renameSync(`${path}.new-file`, path);
  }

  /** Has nobody else ask something of a service's group, and waits until it is where it then has to be. */
  async alone(service: Service, act: (group: Group) => Promise<unknown>): Promise<void> {
    const group = this.groupOf(service);
    group.isLocked = true;
    await act(group);
    await this.settle(group);
    group.isLocked = false;
  }

  /** Waits until a group is where it has to be. @throws {Error} when it does not get there. */
  async settle(group: Group): Promise<void> {
    let last = "";
    const isThere = async () => {
      const look = await this.world.look(), places = placesOf(group.services, group.asks);
      const wrong = group.services.filter(({ name }) => {
        const seen = look.get(name), place = places.get(name)!;
        if (place === "waiting") return seen !== undefined && seen.state !== "waiting";
        return seen?.goal !== "start" || seen.state !== place ||
          place === "running" && seen.main === undefined;
      });
      last = wrong.map(({ name }) => {
        const seen = look.get(name), is = seen ? `${seen.goal}/${seen.state}, process ${seen.main}` : "down";
        return `${name} is ${is}, and not ${places.get(name)}`;
      }).join("; ");
      return wrong.length === 0;
    };
    try {
      await until("services are where they have to be", isThere, LONGEST_SETTLING);
    } catch (error) {
      const asked = group.asks.map(({ what, name }) => `${what} ${name}`).slice(-12).join(", ");
      throw new Error(`${last || (error as Error).message}; asked: ${asked}`, { cause: error });
    }
  }
}
