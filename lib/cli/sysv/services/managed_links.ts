/** The links of services as chkconfig has them: one in each runlevel, with the numbers that the script asks for. */

import {
  AFTER_BOOT,
  type Catalog,
  type ChkconfigLine,
  defaultLevels,
  expand,
  type Facilities,
  type InitHeader,
  levelNamed,
  LEVELS,
  type Levels,
  type Link,
  parseChkconfig,
  type Service,
  words,
} from "../../../../compat/sysv/mod.ts";
import { isDirectory } from "../../../config/files.ts";
import { main as insserv } from "../insserv.ts";
import { readLinks } from "../../../config/sysv/links.ts";
import { changeLinks, linkChanges } from "../links.ts";
import { PLACES, readFacilities, RED_HAT_SCRIPTS, Scripts } from "../../../config/sysv/scripts.ts";
import { surveyAll } from "../survey.ts";
import { isFile, isLinkName } from "./script.ts";

/** The runlevels in which a service has a link. */
export const MANAGED_LEVELS = ["0", "1", "2", "3", "4", "5", "6"];

/** What a script asks for. */
export interface ServicePlan {
  name: string;
  /** The levels in which it starts. */
  start: Levels;
  /** Those in which it stops: without insserv, as on Red Hat's machines, all others. */
  stop: Levels;
  startNumber: number;
  stopNumber: number;
  /** Its links are numbered by insserv. */
  isOrdered: boolean;
}

/** The numbers of a script that has a header and no numbers. */
const MIDDLE = 50, LARGEST = 99;

/** A service that cannot be dealt with. The message is for the user. */
export class ServiceError extends Error {}

/** The services of a machine. */
export class ManagedServices {
  readonly #scripts: Scripts;

  /** @param root The directory below which the machine's files lie; empty for this machine */
  constructor(root: string) {
    const scripts = isDirectory(root + RED_HAT_SCRIPTS) ? RED_HAT_SCRIPTS : PLACES.scripts;
    this.#scripts = new Scripts({
      scripts: root + scripts,
      config: root + PLACES.config,
      overrides: root + PLACES.overrides,
      dependencies: root + scripts,
    });
  }

  /** All services that have links, by name and in order, with their links. */
  linked(): Array<[name: string, links: Link[]]> {
    const links = Map.groupBy(readLinks(this.#scripts), ({ script }) => script);
    return this.#scripts.names().sort().flatMap((name): Array<[string, Link[]]> => {
      const own = links.get(name);
      return own && this.#supports(name) ? [[name, own]] : [];
    });
  }

  /** True for a script that says in which levels it starts. */
  #supports(name: string): boolean {
    const { header, text } = this.#scripts.read(name);
    return header !== undefined || parseChkconfig(text) !== undefined;
  }

  /**
   * What a script asks for.
   * @throws {ServiceError} where there is no such script, or it asks for nothing.
   */
  plan(name: string): ServicePlan {
    const path = this.#scripts.path(name);
    const isThere = isLinkName(name) && isFile(path);
    if (!isThere) {
      throw new ServiceError(`error reading information on service ${name}: No such file or directory`);
    }
    const asked = this.#asked(name);
    if (!asked) throw new ServiceError(`service ${name} does not support chkconfig`);
    return asked;
  }

  #asked(name: string): ServicePlan | undefined {
    const { header, text } = this.#scripts.read(name);
    const line = parseChkconfig(text);
    if (!line && !header) return undefined;
    const { start, stop } = defaultLevels(header), isOrdered = this.#isOrdered(header);
    const numbers = this.#afterRequired(
      name,
      header,
      line ?? { startNumber: MIDDLE, stopNumber: MIDDLE, start },
    );
    return { name, ...numbers, stop: isOrdered ? stop : AFTER_BOOT & ~numbers.start, isOrdered };
  }

  #isOrdered(header: InitHeader | undefined): boolean {
    return header !== undefined && isFile(this.#scripts.places.config);
  }

  /** Numbers that are behind those of what the header requires, and before them in the other direction. */
  #afterRequired(
    name: string,
    header: InitHeader | undefined,
    { start, startNumber, stopNumber }: ChkconfigLine,
  ): Pick<ServicePlan, "start" | "startNumber" | "stopNumber"> {
    if (!header || this.#isOrdered(header)) return { start, startNumber, stopNumber };
    const { catalog, facilities, links } = this.#surveyed();
    const numbersOf = (
      kind: Link["kind"],
      fields: ["Required-Start", "Should-Start"] | ["Required-Stop", "Should-Stop"],
    ) =>
      fields.flatMap((field) => providers(words(header, field), catalog, facilities))
        .flatMap(({ script }) =>
          links.filter((link) => link.script === script && link.kind === kind && script !== name)
        ).map((link) => Number(link.name.slice(1, 3)));
    const before = numbersOf("start", ["Required-Start", "Should-Start"]);
    const after = numbersOf("stop", ["Required-Stop", "Should-Stop"]);
    return {
      start,
      startNumber: Math.min(LARGEST, Math.max(startNumber, ...before.map((number) => number + 1))),
      stopNumber: Math.max(0, Math.min(stopNumber, ...after.map((number) => number - 1))),
    };
  }

  #known: { catalog: Catalog; facilities: Facilities; links: Link[] } | undefined;

  #surveyed() {
    if (this.#known) return this.#known;
    const facilities = readFacilities(this.#scripts.places.config, () => {});
    const { catalog, links } = surveyAll(this.#scripts, facilities, () => {});
    return this.#known = { catalog, facilities, links };
  }

  /** The links of a service. */
  links(name: string): Link[] {
    return readLinks(this.#scripts).filter(({ script }) => script === name);
  }

  /** Adds a link in each runlevel that has none, where the script asks for one. */
  add(plan: ServicePlan, fail: (message: string) => void): void {
    this.#change(plan, this.#filled(plan), fail);
  }

  /** The links of a service, and those that it asks for in runlevels where it has none. */
  #filled(plan: ServicePlan): Link[] {
    const links = this.links(plan.name);
    const levels = plan.isOrdered ? LEVELS : MANAGED_LEVELS;
    const empty = levels.filter((level) => !links.some((link) => link.level === level));
    return [...links, ...empty.flatMap((level) => linkOf(plan, level, askedKind(plan, level)))];
  }

  /** The same, and makes the links in some levels those that are chosen. Numbers stay, unless they are `fresh`. */
  set(
    plan: ServicePlan,
    levels: readonly string[],
    { choose, fresh }: { choose: LinkChoice; fresh: boolean },
    fail: (message: string) => void,
  ): void {
    const links = this.#filled(plan);
    const wanted = levels.flatMap((level) => {
      const kind = choose(plan, level, links.find((link) => link.level === level)?.kind);
      const present = fresh ? undefined : links.find((link) => link.kind === kind);
      return present ? { ...present, level } : linkOf(plan, level, kind);
    });
    this.#change(plan, [...links.filter(({ level }) => !levels.includes(level)), ...wanted], fail);
  }

  /** All at once: what insserv tells of is how things are then. */
  #change(plan: ServicePlan, wanted: Link[], fail: (message: string) => void): void {
    changeLinks(linkChanges(this.#scripts, this.links(plan.name), wanted), fail);
    const starts = wanted.some(({ kind }) => kind === "start");
    if (plan.isOrdered) this.#order(fail, ...starts ? [plan.name] : []);
  }

  /** Removes all links of a service. */
  remove(name: string, fail: (message: string) => void): void {
    changeLinks(linkChanges(this.#scripts, this.links(name), []), fail);
  }

  #order(fail: (message: string) => void, ...names: string[]): void {
    const { scripts, config, overrides, dependencies } = this.#scripts.places;
    const places = ["-p", scripts, "-c", config, "-o", overrides, "-i", dependencies];
    if (insserv(["-f", "-q", ...places, ...names]) !== 0) fail("insserv has not numbered the links");
  }
}

/** The link that a service is to have in a level, given the one that it has; undefined: none. */
export type LinkChoice = (
  plan: ServicePlan,
  level: string,
  now: Link["kind"] | undefined,
) => Link["kind"] | undefined;

/** The link that a service has in a level unless somebody says otherwise. */
export function askedKind({ start, stop }: ServicePlan, level: string): Link["kind"] | undefined {
  const named = levelNamed(level);
  return start & named ? "start" : stop & named ? "stop" : undefined;
}

function linkOf(plan: ServicePlan, level: string, kind: Link["kind"] | undefined): Link[] {
  if (kind === undefined) return [];
  const { name: script, startNumber, stopNumber } = plan;
  const number = String(kind === "start" ? startNumber : stopNumber).padStart(2, "0");
  return [{ level, kind, script, name: `${kind === "start" ? "S" : "K"}${number}${script}` }];
}

function providers(names: readonly string[], catalog: Catalog, facilities: Facilities): Service[] {
  return names.flatMap((name) => expand(facilities, name).services)
    .flatMap(({ name }) => catalog.provider(name) ?? []);
}
