/** Where services have to be, by their definitions and by what was asked. Pure. */

import { respawnsOf, type Service } from "./services.ts";

/** What was asked of a service, or done to it: `kill`, its main process was killed while it was up. */
export interface Ask {
  readonly what: "start" | "stop" | "kill";
  readonly name: string;
}

/** Where a service is: up, or waiting for what it needs, or down. */
export type Place = "running" | "starting" | "waiting";

/** Where each of these services has to be, after all that was asked, in its order. */
export function placesOf(services: readonly Service[], asks: readonly Ask[]): Map<string, Place> {
  const byName = new Map(services.map((service) => [service.name, service]));
  /** The services that are to be up, and how often each was killed since it was started. */
  const wanted = new Map<string, number>();
  const start = (name: string) => {
    if (wanted.has(name)) return;
    wanted.set(name, 0);
    const { needs } = byName.get(name)!;
    if (needs !== undefined) start(needs);
  };
  const kill = (name: string) => {
    const respawns = respawnsOf(byName.get(name)!), kills = wanted.get(name)! + 1;
    if (respawns === "always" || respawns !== "never" && kills <= respawns) wanted.set(name, kills);
    else wanted.delete(name);
  };
  for (const { what, name } of asks) {
    if (what === "start") start(name);
    else if (what === "stop") wanted.delete(name);
    else if (wanted.has(name)) kill(name);
  }
  const place = ({ name, needs }: Service): Place => {
    if (!wanted.has(name)) return "waiting";
    return needs === undefined || wanted.has(needs) ? "running" : "starting";
  };
  return new Map(services.map((service) => [service.name, place(service)]));
}
