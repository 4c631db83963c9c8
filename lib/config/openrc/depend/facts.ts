/** What the tree asks of the machine, as it is at one moment: the states of all services, and their runlevels. */

import { readdirSync } from "node:fs";
import { join } from "node:path";
import type { ServiceFacts } from "../../../../compat/openrc/mod.ts";
import { RC_DIR } from "../../../model/openrc/paths.ts";
import { type ServiceState, STATE_DIRECTORIES } from "../../../model/openrc/states.ts";
import { ifAllowed } from "../../../sys/call/refused.ts";
import { isInLevel } from "../levels.ts";

/** Reads the states. Runlevels are asked when they are wanted, and remembered. */
export function serviceFacts(directory: string = RC_DIR): ServiceFacts {
  const states = new Map<string, ServiceState>();
  for (const state of STATE_DIRECTORIES) for (const name of list(state)) states.set(name, state);
  const hotplugged = new Set(list("hotplugged"));
  const links = new Map<string, boolean>();
  return {
    state: (service) => states.get(service) ?? "stopped",
    isHotplugged: (service) => hotplugged.has(service),
    isIn(service, level) {
      const key = `${level}/${service}`;
      const known = links.get(key) ?? isInLevel(service, level);
      links.set(key, known);
      return known;
    },
  };

  function list(kind: string): string[] {
    return ifAllowed(() => readdirSync(join(directory, kind))) ?? [];
  }
}
