/** Rules of insserv's files .depend.boot, .depend.start and .depend.stop: the subset of make(1) that they are written in. */

/** What a file says. */
export interface DependRules {
  /** The scripts that the file knows, in its order. */
  targets: string[];
  /** Those that talk to the user. */
  interactive: ReadonlySet<string>;
  /** What comes before a script, directly. */
  before: ReadonlyMap<string, readonly string[]>;
}

const VARIABLE = /^([A-Za-z_]+)\s*=(.*)$/, RULE = /^([^\s:#=]+)\s*:(.*)$/;

/** Reads the text of such a file. What is neither a variable nor a rule is passed over. */
export function parseDependRules(text: string): DependRules {
  const variables = new Map<string, string[]>(), before = new Map<string, string[]>();
  for (const line of text.replace(/\\\r?\n/g, " ").split(/\r?\n/)) {
    const [, variable, value = ""] = VARIABLE.exec(line) ?? [];
    if (variable !== undefined) variables.set(variable, words(value));
    const [, script, prerequisites = ""] = RULE.exec(line) ?? [];
    if (script === undefined) continue;
    const known = before.get(script) ?? [];
    before.set(script, known);
    for (const word of words(prerequisites)) known.push(word);
  }
  return {
    targets: variables.get("TARGETS") ?? [],
    interactive: new Set(variables.get("INTERACTIVE")),
    before,
  };
}

function words(text: string): string[] {
  return text.split(/\s+/).filter((word) => word !== "");
}

/** All that comes before a script, directly or through others, itself left out. */
export function allBefore(script: string, { before }: DependRules): Set<string> {
  const found = new Set(before.get(script));
  for (const name of found) before.get(name)?.forEach((one) => found.add(one));
  found.delete(script);
  return found;
}
