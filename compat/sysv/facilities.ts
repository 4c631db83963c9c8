/** System facilities, such as `$network`: what insserv.conf and the files of insserv.conf.d say of them. */

/** A name that stands for a facility. Those with a plus sign may be absent. */
export interface Member {
  name: string;
  optional: boolean;
}

/** What the files say. */
export interface Facilities {
  /** By their names, with the dollar sign. */
  members: Map<string, Member[]>;
  /** The services that talk to the user, and so start alone. */
  interactive: Set<string>;
}

/** A facility that comes after all, or is nothing. */
export const ALL = "$all";
const NULL = "$null";

/** The facilities that the LSB defines, and that a machine need not define. */
export const STANDARD_FACILITIES: readonly string[] = [
  "$local_fs",
  "$network",
  "$named",
  "$portmap",
  "$remote_fs",
  "$syslog",
  "$time",
  ALL,
  NULL,
];

/** Reads the texts of the files, in their order: what a later one says of a facility is added. */
export function parseFacilities(texts: readonly string[]): Facilities {
  const facilities: Facilities = { members: new Map(), interactive: new Set() };
  for (const line of texts.flatMap((text) => text.split("\n"))) {
    const [name = "", ...words] = line.replace(/#.*/, "").trim().split(/[ \t\r,;]+/);
    if (name === "<interactive>") words.forEach((word) => facilities.interactive.add(word));
    if (!name.startsWith("$")) continue;
    const known = facilities.members.get(name) ?? [];
    const added = words.map((word) => ({ name: word.replace(/^\+/, ""), optional: word.startsWith("+") }));
    facilities.members.set(name, [...known, ...added]);
  }
  return facilities;
}

/** The facilities of a circle: each is a part of the next. Undefined where none is a part of itself. */
export function facilityCircle({ members }: Facilities): string[] | undefined {
  const done = new Set<string>();
  const visit = (name: string, path: string[]): string[] | undefined => {
    if (path.includes(name)) return path.slice(path.indexOf(name));
    if (done.has(name)) return undefined;
    for (const member of members.get(name) ?? []) {
      const circle = visit(member.name, [...path, name]);
      if (circle) return circle;
    }
    done.add(name);
    return undefined;
  };
  for (const name of members.keys()) {
    const circle = visit(name, []);
    if (circle) return circle;
  }
  return undefined;
}

/**
 * The services that a name stands for: itself, or a facility's members and theirs. `unknown` has facilities that no file
 * defines.
 */
export function expand(
  { members }: Facilities,
  name: string,
): { services: Member[]; unknown: string[] } {
  const services = new Map<string, Member>();
  const unknown: string[] = [];
  const seen = new Set<string>();
  const visit = (member: Member): void => {
    // One that is optional here may be required there.
    if (!member.name.startsWith("$")) {
      const known = services.get(member.name);
      services.set(member.name, {
        name: member.name,
        optional: member.optional && (known?.optional ?? true),
      });
      return;
    }
    if (seen.has(member.name) || member.name === NULL || member.name === ALL) return;
    seen.add(member.name);
    if (!members.has(member.name)) unknown.push(member.name);
    else members.get(member.name)!.forEach(visit);
  };
  visit({ name, optional: false });
  return { services: [...services.values()], unknown };
}
