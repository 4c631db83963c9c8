/** The files .depend.boot, .depend.start and .depend.stop, which startpar reads: make(1) rules of scripts. */

import type { Graph } from "./graph.ts";
import { AFTER_BOOT, BOOT } from "./levels.ts";
import { byNumber, lastStart } from "./order.ts";
import type { Order } from "./plan.ts";
import type { Service } from "./service.ts";

/** The texts of the files by the ends of their names. */
export function dependFiles({ start, stop }: Order): Record<"boot" | "start" | "stop", string> {
  const enabled = start.graph.services.filter((service) => service.enabled);
  const starts = byNumber(enabled, start.numbers, lastStart(start.numbers));
  const stops = byNumber(starts, stop.numbers, Infinity);
  const boot = starts.filter((service) => (service.start & BOOT) !== 0);
  const late = starts.filter((service) => (service.start & AFTER_BOOT) !== 0);
  return {
    boot: rules(start.graph, boot, true),
    start: rules(start.graph, late, true),
    stop: rules(stop.graph, stops.filter((service) => service.stop !== 0), false),
  };
}

function rules({ edges }: Graph, targets: Service[], hasInteractive: boolean): string {
  const isTarget = new Set(targets);
  const waits = targets.map((service) => {
    const named = edges.get(service)!.filter((edge) => edge.reasons.length === 1 && isTarget.has(edge.first));
    return { service, before: [...new Set(named.map((edge) => edge.first.script))] };
  }).filter(({ before }) => before.length > 0);
  const interactive = waits.filter(({ service }) => service.interactive);
  return [
    `TARGETS =${targets.map((service) => ` ${service.script}`).join("")}`,
    ...hasInteractive
      ? [`INTERACTIVE =${interactive.map(({ service }) => ` ${service.script}`).join("")}`]
      : [],
    ...waits.map(({ service, before }) => `${service.script}: ${before.join(" ")}`),
    "",
  ].join("\n");
}
