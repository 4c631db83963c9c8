/** Shell patterns, matched as fnmatch(3) does without flags: `*` takes slashes and leading dots too. */

const CLASSES: Record<string, string> = {
  alnum: "\\p{L}\\p{N}",
  alpha: "\\p{L}",
  blank: " \\t",
  cntrl: "\\x00-\\x1f\\x7f",
  digit: "0-9",
  graph: "\\x21-\\x7e",
  lower: "\\p{Ll}",
  print: "\\x20-\\x7e",
  punct: "\\x21-\\x2f\\x3a-\\x40\\x5b-\\x60\\x7b-\\x7e",
  space: "\\s",
  upper: "\\p{Lu}",
  xdigit: "0-9A-Fa-f",
};

/** Patterns come out of job files, so there are few; the cache is emptied when expanded ones pile up. */
const compiled = new Map<string, RegExp | undefined>();
const MOST_COMPILED = 1000;

/** True when the whole of the text matches the pattern. */
export function matchesPattern(pattern: string, text: string): boolean {
  if (!/[*?[\\]/.test(pattern)) return pattern === text;
  if (!compiled.has(pattern)) {
    if (compiled.size >= MOST_COMPILED) compiled.clear();
    compiled.set(pattern, compile(pattern));
  }
  return compiled.get(pattern)?.test(text) ?? false;
}

/** The regular expression of a pattern; undefined for one that can match nothing (a backslash at the end). */
function compile(pattern: string): RegExp | undefined {
  let source = "";
  let position = 0;
  while (position < pattern.length) {
    const character = pattern.charAt(position++);
    if (character === "*") {
      // Neighbouring stars mean what one means, and would make the expression backtrack for ever.
      if (!source.endsWith("[^]*?")) source += "[^]*?";
    } else if (character === "?") source += "[^]";
    else if (character === "\\") {
      if (position >= pattern.length) return undefined;
      source += literal(pattern.charAt(position++));
    } else if (character === "[") {
      const set = bracketExpression(pattern, position);
      source += set?.source ?? "\\[";
      position = set?.end ?? position;
    } else source += literal(character);
  }
  try {
    return new RegExp(`^${source}$`, "u");
  } catch {
    return undefined; // a range whose ends are in the wrong order
  }
}

/** The set that starts behind a `[`; undefined when it is not closed and the bracket stands for itself. */
function bracketExpression(pattern: string, start: number): { source: string; end: number } | undefined {
  let position = start;
  let source = "";
  const negated = pattern[position] === "!" || pattern[position] === "^";
  if (negated) position++;
  for (let first = true; position < pattern.length; first = false) {
    const character = pattern.charAt(position);
    if (character === "]" && !first) {
      return { source: negated ? `[^${source}]` : `[${source}]`, end: position + 1 };
    }
    const named = /^\[:([a-z]+):\]/.exec(pattern.slice(position, position + 12));
    const set = named && CLASSES[named[1] ?? ""];
    if (named && set) {
      source += set;
      position += named[0].length;
    } else if (character === "-" && !first && pattern[position + 1] !== "]") {
      source += "-";
      position++;
    } else {
      if (character === "\\") position++;
      const member = pattern.charAt(position);
      source += member === "-" ? "\\-" : literal(member);
      position++;
    }
  }
  return undefined;
}

function literal(character: string): string {
  return /[\^$\\.*+?()[\]{}|/]/.test(character) ? `\\${character}` : character;
}
