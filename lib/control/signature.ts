/** Signatures of D-Bus values ("Type System"): what types a text names. */

/** One complete type: its letter (`(` for a structure, `{` for a dictionary's entry) and those that it holds. */
export interface Type {
  letter: string;
  parts: Type[];
  /** Values begin at multiples of so many bytes. */
  alignment: number;
}

const LONGEST = 255, DEEPEST = 32;

/** The types that hold no others, with their alignments. */
const BASIC: Readonly<Record<string, number>> = {
  y: 1,
  g: 1,
  n: 2,
  q: 2,
  b: 4,
  i: 4,
  u: 4,
  h: 4,
  s: 4,
  o: 4,
  x: 8,
  t: 8,
  d: 8,
};

/** Signatures that were parsed before. Peers can make up ever new ones, so they are not kept without bound. */
const parsed = new Map<string, Type[] | undefined>();
const MOST_PARSED = 256;

/** The types of a signature; undefined when it is none: it holds something unknown, empty, or nested too deeply. */
export function parseSignature(text: string): Type[] | undefined {
  if (parsed.has(text)) return parsed.get(text);
  if (parsed.size >= MOST_PARSED) parsed.clear();
  const types = text.length <= LONGEST ? new SignatureParser(text).all() : undefined;
  parsed.set(text, types);
  return types;
}

class SignatureParser {
  #at = 0;

  constructor(private readonly text: string) {}

  all(): Type[] | undefined {
    const types: Type[] = [];
    while (this.#at < this.text.length) {
      const type = this.#complete(0);
      if (!type) return undefined;
      types.push(type);
    }
    return types;
  }

  #complete(depth: number): Type | undefined {
    const letter = this.text[this.#at++] ?? "";
    if (depth > DEEPEST) return undefined;
    if (letter === "v") return { letter, parts: [], alignment: 1 };
    if (letter === "(") return this.#until(")", letter, depth);
    if (letter !== "a") return basic(letter);
    const element = this.text[this.#at] === "{" ? this.#entry(depth) : this.#complete(depth + 1);
    return element && { letter, parts: [element], alignment: 4 };
  }

  /** The entry of a dictionary: a basic type, then any one. */
  #entry(depth: number): Type | undefined {
    this.#at++;
    const entry = this.#until("}", "{", depth);
    return entry?.parts.length === 2 && basic(entry.parts[0]!.letter) ? entry : undefined;
  }

  #until(end: string, letter: string, depth: number): Type | undefined {
    const parts: Type[] = [];
    while (this.text[this.#at] !== end) {
      const part = this.#complete(depth + 1);
      if (!part) return undefined;
      parts.push(part);
    }
    this.#at++;
    return parts.length > 0 ? { letter, parts, alignment: 8 } : undefined;
  }
}

function basic(letter: string): Type | undefined {
  const alignment = Object.hasOwn(BASIC, letter) ? BASIC[letter] : undefined;
  return alignment === undefined ? undefined : { letter, parts: [], alignment };
}
