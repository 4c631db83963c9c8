/** Services: what a script and its header give, and a catalog of them by the names that they provide. */

import type { Facilities } from "./facilities.ts";
import { type HeaderFieldName, type InitHeader, levelWords, words } from "./header.ts";
import { levelNames, type Levels, readLevels } from "./levels.ts";

/** The services of a script. Its levels may be changed: by links that are there, or by what is asked for. */
export interface Service {
  /** The script's name in the directory. */
  script: string;
  /** Where its header stands: the script, or an override. */
  file: string;
  header?: InitHeader;
  /** The names that it provides; the script's own name where the header has none. */
  provides: string[];
  start: Levels;
  stop: Levels;
  interactive: boolean;
  /** It has links in the directories of runlevels, or is to have them. */
  enabled: boolean;
}

/** The service of a script, with the levels that its header asks for. */
export function serviceOf(
  script: string,
  file: string,
  header: InitHeader | undefined,
  facilities: Facilities,
): Service {
  const provided = words(header, "Provides").filter((name) => !name.startsWith("$"));
  const provides = provided.length > 0 ? provided : [script];
  return {
    script,
    file,
    ...header && { header },
    provides: [...new Set(provides)],
    ...defaultLevels(header),
    interactive: words(header, "X-Interactive")[0]?.toLowerCase() === "true" ||
      provides.some((name) => facilities.interactive.has(name)),
    enabled: false,
  };
}

/** The levels that a header asks for. One that is in both fields counts as a level to stop in. */
export function defaultLevels(header: InitHeader | undefined): { start: Levels; stop: Levels } {
  const levels = (name: HeaderFieldName) => readLevels(levelWords(header?.fields[name])).levels;
  const stop = levels("Default-Stop");
  return { start: levels("Default-Start") & ~stop, stop };
}

/** The levels that are in both fields, by their names. */
export function overlap(header: InitHeader): string[] {
  const levels = (name: HeaderFieldName) => readLevels(levelWords(header.fields[name])).levels;
  return levelNames(levels("Default-Start") & levels("Default-Stop"));
}

/** Services by the names that they provide, in the order in which the names came up. */
export class Catalog {
  readonly #services = new Map<string, Service | undefined>();
  readonly #byScript = new Map<string, Service>();

  /** Notes a name that a header speaks of. Its service, should it come, stands at this place. */
  mention(name: string): void {
    if (!this.#services.has(name)) this.#services.set(name, undefined);
  }

  /** Adds a service, or changes nothing and returns the names that others provide already. */
  add(service: Service): string[] {
    const taken = service.provides.filter((name) => {
      const other = this.#services.get(name);
      return other !== undefined && other.script !== service.script;
    });
    if (taken.length > 0) return taken;
    service.provides.forEach((name) => this.#services.set(name, service));
    this.#byScript.set(service.script, service);
    return [];
  }

  /** The service that provides a name. */
  provider(name: string): Service | undefined {
    return this.#services.get(name);
  }

  /** The service of a script. */
  ofScript(script: string): Service | undefined {
    return this.#byScript.get(script);
  }

  /** All services, once each. */
  all(): Service[] {
    return [...this.#services].flatMap(([name, service]) =>
      service && service.provides[0] === name ? [service] : []
    );
  }
}
