/** What the command line of insserv asks for: scripts, with or without runlevels. */

import {
  type Catalog,
  defaultLevels,
  expand,
  type Facilities,
  levelNamed,
  levelNames,
  type Levels,
  NO_LEVELS,
  type Service,
  words,
} from "../../../compat/sysv/mod.ts";

/** A script, with the levels that are given for it. */
export interface ScriptRequest {
  script: string;
  start?: Levels;
  stop?: Levels;
}

/** How requests are carried out. */
interface RequestRules {
  /** Levels come from the headers, not from links. */
  useDefaults: boolean;
  /** Levels that are given count more than those of the header. */
  useGiven: boolean;
}

/** Reads a word such as `cron,start=2,3,stop=0`. */
export function parseRequest(word: string): ScriptRequest {
  const [script = "", ...parts] = word.split(",");
  const request: ScriptRequest = { script };
  let kind: "start" | "stop" | undefined;
  for (const part of parts) {
    const [, given, level = part] = /^(start|stop)=(.*)$/.exec(part) ?? [];
    if (given !== undefined) kind = given as "start" | "stop";
    if (kind) request[kind] = (request[kind] ?? NO_LEVELS) | levelNamed(level);
  }
  return request;
}

/** Enables a service: one that has links keeps its levels. Returns what there is to warn of. */
export function enable(service: Service, request: ScriptRequest, rules: RequestRules): string[] {
  const defaults = defaultLevels(service.header);
  const kinds = ["start", "stop"] as const;
  const isNew = !service.enabled;
  service.enabled = true;
  if (isNew && rules.useGiven && (request.start ?? request.stop) !== undefined) {
    service.start = request.start ?? NO_LEVELS;
    service.stop = (request.stop ?? NO_LEVELS) & ~service.start;
  } else if (rules.useDefaults && service.header) Object.assign(service, defaults);
  else if (!isNew) {
    return kinds.filter((kind) => service.header && service[kind] !== defaults[kind]).map((kind) =>
      `warning: current ${kind} runlevel(s) (${shown(service[kind])}) of script ` +
      `\`${service.script}' overrides LSB defaults (${shown(defaults[kind])}).`
    );
  }
  return [];
}

function shown(levels: Levels): string {
  return levels === NO_LEVELS ? "empty" : levelNames(levels).join(" ");
}

/** The services that one requires, and those that these require. */
export function requiredServices(service: Service, catalog: Catalog, facilities: Facilities): Set<Service> {
  const found = new Set<Service>([service]);
  for (const one of found) {
    for (const name of words(one.header, "Required-Start")) {
      for (const member of expand(facilities, name).services) {
        const provider = catalog.provider(member.name);
        if (provider && !member.optional) found.add(provider);
      }
    }
  }
  return found;
}
