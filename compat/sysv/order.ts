/** The order of scripts: the numbers of their links, and insserv's lists of them. */

import { sortedServices } from "./circles.ts";
import { type Graph, shareLevel } from "./graph.ts";
import { AFTER_BOOT } from "./levels.ts";
import type { Service } from "./service.ts";

/** The largest number of a link; more in a row share it. */
const LARGEST = 99;

/** The number of each service: larger than those of all that it waits for. The graph has no circle. */
export function numbersOf(graph: Graph): Map<Service, number> {
  const sorted = sortedServices(graph);
  const least = new Map<Service, number>();
  let numbers = longestWays(graph, sorted, least);
  if (graph.kind === "stop") return numbers;
  for (let number = 1; number <= Math.max(0, ...numbers.values()); number++) {
    // What talks to the user starts alone: others of its number move on, and with them what waits for them.
    const here = graph.services.filter((service) => numbers.get(service) === number);
    const moved = new Set<Service>();
    for (const service of here) {
      if (!service.interactive || moved.has(service)) continue;
      here.filter((other) => other !== service && shareLevel(other, service, "start"))
        .forEach((other) => moved.add(other));
    }
    if (moved.size === 0) continue;
    moved.forEach((service) => least.set(service, number + 1));
    numbers = longestWays(graph, sorted, least);
  }
  return numbers;
}

function longestWays(
  { edges }: Graph,
  sorted: readonly Service[],
  least: ReadonlyMap<Service, number>,
): Map<Service, number> {
  const numbers = new Map<Service, number>();
  for (const service of sorted) {
    const before = edges.get(service)!.map(({ first }) => numbers.get(first)!);
    numbers.set(service, Math.max(least.get(service) ?? 1, ...before.map((number) => number + 1)));
  }
  return numbers;
}

/** The name of a link, such as `S03cron`. */
export function linkName(letter: "S" | "K", number: number, script: string): string {
  return `${letter}${String(Math.min(number, LARGEST)).padStart(2, "0")}${script}`;
}

/** Services by their numbers, as insserv sorts them: those with the smallest come first, those above `last` as they were. */
export function byNumber(
  services: readonly Service[],
  numbers: ReadonlyMap<Service, number>,
  last: number,
): Service[] {
  const rank = (service: Service) => Math.min(numbers.get(service)!, last + 1);
  return [...services].sort((one, other) => rank(one) - rank(other));
}

/** The largest number of the services that start after the boot: as far as insserv sorts its list of starts. */
export function lastStart(numbers: ReadonlyMap<Service, number>): number {
  const late = [...numbers].filter(([service]) => (service.start & AFTER_BOOT) !== 0);
  return Math.max(1, ...late.map(([, number]) => number));
}
