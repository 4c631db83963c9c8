/**
 * Shell patterns, matched as fnmatch(3) does without flags: `*` matches slashes and leading dots, too. The parts between
 * the stars are searched one after the other, without backtracking. So the work is at most the length of the pattern
 * times the length of the text.
 */

/** One element of a pattern, which matches one character: this one, any one, or one of a set. */
type Element = string | typeof ANY | ((character: string) => boolean);

const ANY = Symbol("any character");

/** The part between two stars: plain text, or elements of which at least one is no plain character. */
type Segment = string | Element[];

/** The segments of a pattern; undefined for a pattern that matches nothing. */
type Segments = Segment[] | undefined;

/** A bounded cache of compiled patterns. Job files hold few; it is emptied when expanded variables have made many. */
const compiled = new Map<string, Segments>();
const MOST_COMPILED = 1000, LONGEST_COMPILED = 1000;

/** True when the whole of the text matches the pattern. */
export function matchesPattern(pattern: string, text: string): boolean {
  if (!/[*?[\\]/.test(pattern)) return pattern === text;
  if (pattern.length > LONGEST_COMPILED) return matches(compile(pattern), text);
  if (!compiled.has(pattern)) {
    if (compiled.size >= MOST_COMPILED) compiled.clear();
    compiled.set(pattern, compile(pattern));
  }
  return matches(compiled.get(pattern), text);
}

function matches(segments: Segments, text: string): boolean {
  if (!segments) return false;
  const first = segments[0]!, last = segments.at(-1)!;
  let position = endOf(first, text, 0);
  if (segments.length === 1 || position === undefined) return position === text.length;
  for (const segment of segments.slice(1, -1)) {
    position = find(segment, text, position);
    if (position === undefined) return false;
  }
  const start = startOfEnd(text, last);
  return start !== undefined && start >= position && endOf(last, text, start) === text.length;
}

/** Where a segment ends that matches at `start`; undefined when it does not match there. */
function endOf(segment: Segment, text: string, start: number): number | undefined {
  if (typeof segment === "string") {
    return text.startsWith(segment, start) ? start + segment.length : undefined;
  }
  let position = start;
  for (const element of segment) {
    if (position >= text.length) return undefined;
    const character = characterAt(text, position);
    if (typeof element === "string" ? element !== character : element !== ANY && !element(character)) {
      return undefined;
    }
    position += character.length;
  }
  return position;
}

/** Where the first match of a segment from here on ends; undefined when there is none. */
function find(segment: Segment, text: string, from: number): number | undefined {
  if (typeof segment === "string") {
    const found = text.indexOf(segment, from);
    return found < 0 ? undefined : found + segment.length;
  }
  for (let start = from; start < text.length; start += characterAt(text, start).length) {
    const end = endOf(segment, text, start);
    if (end !== undefined) return end;
  }
  return undefined;
}

/** Where the last segment has to begin to end with the text; undefined when the text is too short. */
function startOfEnd(text: string, segment: Segment): number | undefined {
  let start = text.length;
  if (typeof segment === "string") start -= segment.length;
  else for (const _ of segment) start -= start > 1 && text.codePointAt(start - 2)! > 0xffff ? 2 : 1;
  return start < 0 ? undefined : start;
}

function characterAt(text: string, position: number): string {
  return String.fromCodePoint(text.codePointAt(position)!);
}

/** Compiles a pattern: splits it at its stars. */
function compile(pattern: string): Segments {
  const segments: Element[][] = [[]];
  for (let position = 0; position < pattern.length;) {
    const character = characterAt(pattern, position);
    position += character.length;
    if (character === "*") {
      // Several stars in a row are one.
      if (segments.length === 1 || segments.at(-1)!.length > 0) segments.push([]);
      continue;
    }
    let element: Element = character;
    if (character === "?") element = ANY;
    else if (character === "\\") {
      if (position >= pattern.length) return undefined;
      element = characterAt(pattern, position);
      position += element.length;
    } else if (character === "[") {
      const set = new BracketExpression(pattern, position);
      if (set.matchesNothing) return undefined;
      if (set.end !== undefined) {
        element = (candidate) => set.has(candidate);
        position = set.end;
      }
    }
    segments.at(-1)!.push(element);
  }
  return segments.map((elements) =>
    elements.every((element) => typeof element === "string") ? elements.join("") : elements
  );
}

/** The character classes, `[:alpha:]` and so on, as in a UTF-8 locale of glibc. */
const CLASSES: Readonly<Record<string, RegExp>> = {
  alnum: /\p{Alphabetic}|\p{Nd}/u,
  alpha: /\p{Alphabetic}|(?![0-9])\p{Nd}/u,
  blank: /[\t \u1680\u2000-\u2006\u2008-\u200a\u205f\u3000]/,
  // deno-lint-ignore no-control-regex
  cntrl: /[\x00-\x1f\x7f-\x9f\u2028\u2029]/,
  digit: /[0-9]/,
  graph: /(?![ \u1680\u2000-\u2006\u2008-\u200a\u2028\u2029\u205f\u3000])[^\p{Cc}\p{Cn}\p{Cs}]/u,
  lower: /\p{Lowercase}|\p{Lt}/u,
  print: /[^\p{Cc}\p{Cn}\p{Cs}\u2028\u2029]/u,
  punct:
    /(?!\p{Alphabetic}|\p{Nd}|[ \u1680\u2000-\u2006\u2008-\u200a\u2028\u2029\u205f\u3000])[^\p{Cc}\p{Cn}\p{Cs}]/u,
  space: /[\t-\r \u1680\u2000-\u2006\u2008-\u200a\u2028\u2029\u205f\u3000]/,
  upper: /\p{Uppercase}|\p{Lt}/u,
  xdigit: /[0-9A-Fa-f]/,
};

/** A bracket expression, which begins behind a `[`. */
class BracketExpression {
  /** Where it ends; undefined when it is not closed, so that the bracket stands for itself. */
  readonly end: number | undefined;
  /** True when it names an unknown class, so that the pattern matches nothing. */
  matchesNothing = false;
  readonly #negated: boolean;
  readonly #single = new Set<string>();
  readonly #ranges: Array<[first: number, last: number]> = [];
  readonly #classes: RegExp[] = [];
  #position: number;

  constructor(private readonly pattern: string, start: number) {
    this.#negated = pattern[start] === "!" || pattern[start] === "^";
    this.#position = this.#negated ? start + 1 : start;
    this.end = this.#read();
  }

  has(character: string): boolean {
    const code = character.codePointAt(0)!;
    const isMember = this.#single.has(character) ||
      this.#ranges.some(([first, last]) => first <= code && code <= last) ||
      this.#classes.some((members) => members.test(character));
    return isMember !== this.#negated;
  }

  #read(): number | undefined {
    for (let isFirst = true; this.#position < this.pattern.length; isFirst = false) {
      if (this.pattern[this.#position] === "]" && !isFirst) return this.#position + 1;
      if (this.#readClass()) continue;
      const first = this.#member();
      if (first === undefined) return undefined;
      if (!this.#isRange()) {
        this.#single.add(first);
        continue;
      }
      this.#position++;
      const last = this.#member();
      if (last === undefined) return undefined;
      this.#ranges.push([first.codePointAt(0)!, last.codePointAt(0)!]);
    }
    return undefined;
  }

  /** Reads a class such as `[:alpha:]`. False when there is none here. */
  #readClass(): boolean {
    const named = /^\[:([a-y]*):\]/.exec(this.pattern.slice(this.#position, this.#position + 20));
    if (!named) return false;
    const [text, name = ""] = named;
    this.#position += text.length;
    if (Object.hasOwn(CLASSES, name)) this.#classes.push(CLASSES[name]!);
    else this.matchesNothing = true;
    return true;
  }

  /** Reads one character: `x`, `\x`, `[.x.]` or `[=x=]`. Undefined at the end of the pattern. */
  #member(): string | undefined {
    const collating = /^\[([.=])(.)\1\]/su.exec(this.pattern.slice(this.#position, this.#position + 7));
    if (collating) {
      this.#position += collating[0].length;
      return collating[2];
    }
    if (this.pattern[this.#position] === "\\") this.#position++;
    if (this.#position >= this.pattern.length) return undefined;
    const character = characterAt(this.pattern, this.#position);
    this.#position += character.length;
    return character;
  }

  #isRange(): boolean {
    const next = this.pattern[this.#position + 1];
    return this.pattern[this.#position] === "-" && next !== undefined && next !== "]";
  }
}
