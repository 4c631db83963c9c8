/** What insserv checks before it changes anything: that all that is required is there, and no service waits for itself. */

import {
  type Catalog,
  type Circle,
  expand,
  type Facilities,
  type Kind,
  levelNames,
  type Service,
  words,
} from "../../../compat/sysv/mod.ts";

/** What was asked for, by the scripts' names. */
export interface Asked {
  added: ReadonlySet<string>;
  removed: ReadonlySet<string>;
}

/** What is missing for services to be enabled, a sentence each. Scripts that were named come first. */
export function missingRequirements(catalog: Catalog, facilities: Facilities, asked: Asked): string[] {
  const enabled = catalog.all().filter((service) => service.enabled);
  const named = enabled.filter(({ script }) => asked.added.has(script));
  const others = asked.removed.size > 0
    ? enabled.filter((service) => needsRemoved(service, catalog, facilities, asked))
    : enabled.filter(({ script }) => !asked.added.has(script));
  return [...named, ...others].flatMap((service) =>
    required(service, facilities).flatMap((name) => {
      const problem = lack(service, name, catalog, asked);
      return problem === undefined
        ? []
        : [`FATAL: service ${name} ${problem} service ${service.provides[0]}`];
    })
  );
}

/** The names of services without which this one cannot start. */
function required({ header }: Service, facilities: Facilities): string[] {
  const members = words(header, "Required-Start").flatMap((name) => expand(facilities, name).services);
  return [...new Set(members.filter(({ optional }) => !optional).map(({ name }) => name))];
}

function needsRemoved(
  service: Service,
  catalog: Catalog,
  facilities: Facilities,
  { removed }: Asked,
): boolean {
  return required(service, facilities).some((name) => removed.has(catalog.provider(name)?.script ?? ""));
}

const TO_ENABLE = "has to be enabled to use";

/** What is wrong with a name that a service requires; undefined where nothing is. */
function lack(
  service: Service,
  name: string,
  catalog: Catalog,
  { added, removed }: Asked,
): string | undefined {
  const provider = catalog.provider(name);
  const isNamed = added.has(service.script);
  if (provider === service) return undefined;
  if (!provider) return isNamed ? TO_ENABLE : removed.size > 0 ? undefined : "has to exist for";
  if (!provider.enabled) return isNamed || removed.has(provider.script) ? TO_ENABLE : undefined;
  if (added.has(provider.script) || levelNames(provider.start).includes("S")) return undefined;
  const missed = levelNames(service.start & ~provider.start);
  return missed.length > 0 ? `is missed in the runlevels ${missed.join(" ")} to use` : undefined;
}

/** How insserv tells of circles: from each member to the one behind it, and how deep it went for the first. */
export function circleMessages(circles: ReadonlyArray<{ kind: Kind; circle: Circle }>): string[] {
  const ways = circles.map(({ kind, circle }) => ({
    what: kind === "start" ? "started" : "stopped",
    names: circle.map(({ first }) => first.provides[0]!),
  }));
  const told = (way: typeof ways[number], index: number) => {
    const before = way.names.at(index - 1);
    return `There is a loop between service ${way.names[index]} and ${before} if ${way.what}`;
  };
  const firsts = ways.flatMap((way) => [
    told(way, 0),
    ...way.names.map((_, index) => {
      const depth = way.names.length - index;
      return ` loop involving service ${way.names[depth - 1]} at depth ${depth}`;
    }),
  ]);
  const longest = Math.max(0, ...ways.map(({ names }) => names.length));
  const others = Array.from(
    { length: Math.max(0, longest - 1) },
    (_, index) => ways.filter(({ names }) => index + 1 < names.length).map((way) => told(way, index + 1)),
  );
  return [...firsts, ...others.flat()];
}
