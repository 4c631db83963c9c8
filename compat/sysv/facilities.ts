/** System facilities, such as `$network`: what insserv.conf and the files of insserv.conf.d say of them. */

/** A name that stands for a facility. Those with a plus sign may be absent. */
interface Member {
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
    const members = facilities.members.get(name) ?? [];
    facilities.members.set(name, members);
    for (const word of words) {
      members.push({ name: word.replace(/^\+/, ""), optional: word.startsWith("+") });
    }
  }
  return facilities;
}

/** The facilities of a circle: each is a part of the next. Undefined where none is a part of itself. */
export function facilityCircle({ members }: Facilities): string[] | undefined {
  const done = new Set<string>(), onWay = new Set<string>();
  // No recursion: a chain may be longer than the stack is deep.
  const way: Array<{ name: string; left: Iterator<Member> }> = [];
  const enter = (name: string) => {
    onWay.add(name);
    way.push({ name, left: (members.get(name) ?? []).values() });
  };
  for (const first of members.keys()) {
    if (!done.has(first)) enter(first);
    for (let here; (here = way.at(-1));) {
      const { value } = here.left.next();
      if (!value) {
        way.pop();
        onWay.delete(here.name);
        done.add(here.name);
      } else if (onWay.has(value.name)) {
        const names = way.map(({ name }) => name);
        return names.slice(names.indexOf(value.name));
      } else if (!done.has(value.name)) enter(value.name);
    }
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
  const left: Member[] = [{ name, optional: false }];
  for (let member; (member = left.pop());) {
    // One that is optional here may be required there.
    if (!member.name.startsWith("$")) {
      const known = services.get(member.name);
      services.set(member.name, {
        name: member.name,
        optional: member.optional && (known?.optional ?? true),
      });
      continue;
    }
    if (seen.has(member.name) || member.name === NULL || member.name === ALL) continue;
    seen.add(member.name);
    const parts = members.get(member.name);
    if (!parts) unknown.push(member.name);
    else for (let at = parts.length - 1; at >= 0; at--) left.push(parts[at]!);
  }
  return { services: [...services.values()], unknown };
}
