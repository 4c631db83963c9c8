/** The syntax of regular expressions (ECMA-262, without flags), as far as linear time allows. */

/** A text that is no regular expression, or one that is not supported. The message follows "the pattern …: ". */
export class PatternError extends Error {}

/** A piece of a regular expression. */
export type PatternNode =
  /** A character, as a UTF-16 code; −1 stands for the end, which no character is. */
  | { kind: "character"; fits(code: number): boolean }
  /** What is before a place, and behind it, as above. */
  | { kind: "assertion"; holds(before: number, after: number): boolean }
  | { kind: "sequence" | "choice"; nodes: PatternNode[] }
  | { kind: "repetition"; node: PatternNode; least: number; most: number };

type Fits = (code: number) => boolean;

/** How deep groups may lie in each other, how often something may be repeated by number, and the longest source. */
const DEEPEST = 50, MOST_REPETITIONS = 500, LONGEST = 2000;

const within = (lowest: number, highest: number): Fits => (code) => code >= lowest && code <= highest;
const anyOf = (tests: Fits[]): Fits => (code) => tests.some((fits) => fits(code));
const not = (fits: Fits): Fits => (code) => code >= 0 && !fits(code);
const oneOf = (text: string): Fits => (code) => code >= 0 && text.includes(String.fromCharCode(code));

const isDigit = within(0x30, 0x39);
const isWord = anyOf([isDigit, within(0x41, 0x5a), within(0x61, 0x7a), within(0x5f, 0x5f)]);
const isSpace: Fits = (code) => code >= 0 && /\s/.test(String.fromCharCode(code));
const isLineEnd = oneOf("\n\r\u2028\u2029");

/** Escapes that stand for many characters, and those that stand for one. */
const CLASSES: Readonly<Record<string, Fits>> = {
  d: isDigit,
  D: not(isDigit),
  w: isWord,
  W: not(isWord),
  s: isSpace,
  S: not(isSpace),
};
const CONTROLS: Readonly<Record<string, number>> = { t: 9, n: 10, v: 11, f: 12, r: 13, 0: 0 };

const isAtWordEdge = (before: number, after: number) => isWord(before) !== isWord(after);

/** What each assertion asks. */
const ASSERTIONS: Readonly<Record<string, (before: number, after: number) => boolean>> = {
  "^": (before) => before < 0,
  "$": (_, after) => after < 0,
  "\\b": isAtWordEdge,
  "\\B": (before, after) => !isAtWordEdge(before, after),
};

/** @throws {PatternError} */
export function parsePattern(source: string): PatternNode {
  if (source.length > LONGEST) throw new PatternError("it is too long");
  try {
    new RegExp(source);
  } catch (error) {
    // Some engines repeat the source, which may be long.
    throw new PatternError((error as Error).message.replace(`/${source}/: `, ""));
  }
  return new Parser(source).parse();
}

/** Reads a source that is known to be a regular expression. */
class Parser {
  #at = 0;
  #depth = 0;

  constructor(private readonly source: string) {}

  parse(): PatternNode {
    const node = this.#choice();
    if (this.#at < this.source.length) throw new PatternError("a bracket is missing");
    return node;
  }

  /** Takes a text if it comes next. */
  #take(text: string): boolean {
    if (!this.source.startsWith(text, this.#at)) return false;
    this.#at += text.length;
    return true;
  }

  /** Takes what matches at this place. The expression is sticky. */
  #takeMatch(expression: RegExp): RegExpExecArray | undefined {
    expression.lastIndex = this.#at;
    const found = expression.exec(this.source);
    if (found) this.#at += found[0].length;
    return found ?? undefined;
  }

  #choice(): PatternNode {
    if (++this.#depth > DEEPEST) throw new PatternError("its groups lie too deep in each other");
    const nodes = [this.#sequence()];
    while (this.#take("|")) nodes.push(this.#sequence());
    this.#depth--;
    return { kind: "choice", nodes };
  }

  #sequence(): PatternNode {
    const nodes: PatternNode[] = [];
    while (this.#at < this.source.length && !"|)".includes(this.source[this.#at]!)) {
      nodes.push(this.#repeated(this.#one()));
    }
    return { kind: "sequence", nodes };
  }

  /** What follows a piece: `*`, `+`, `?`, `{2,3}`, each maybe with a `?`, which changes nothing here. */
  #repeated(node: PatternNode): PatternNode {
    const found = this.#takeMatch(/(?:([*+?])|\{(\d+)(?:(,)(\d*))?\})\??/y);
    if (!found) return node;
    const [, sign, count, comma, end] = found;
    const least = sign === "+" ? 1 : Number(count ?? 0);
    const most = sign === "?" ? 1 : sign || end === "" ? Infinity : Number(comma ? end : count);
    if (Math.max(least, most === Infinity ? 0 : most) > MOST_REPETITIONS) {
      throw new PatternError(`it repeats something more than ${MOST_REPETITIONS} times`);
    }
    return { kind: "repetition", node, least, most };
  }

  #one(): PatternNode {
    const assertion = this.#takeMatch(/[$^]|\\[bB]/y)?.[0];
    if (assertion) return { kind: "assertion", holds: ASSERTIONS[assertion]! };
    if (this.#take("(")) return this.#group();
    if (this.#take("[")) return { kind: "character", fits: this.#set() };
    if (this.#take(".")) return { kind: "character", fits: not(isLineEnd) };
    return { kind: "character", fits: this.#character() };
  }

  #group(): PatternNode {
    if (this.#takeMatch(/\?<?[=!]/y)) {
      throw new PatternError("it looks ahead or behind, which is not supported");
    }
    if (!this.#takeMatch(/\?:|\?<\w+>/y) && this.#take("?")) {
      throw new PatternError("it has a group with flags, which is not supported");
    }
    const node = this.#choice();
    if (!this.#take(")")) throw new PatternError("a bracket is missing");
    return node;
  }

  #set(): Fits {
    const isNegated = this.#take("^"), tests: Fits[] = [];
    while (!this.#take("]")) {
      const start = this.#setCharacter();
      if (typeof start === "number" && this.source[this.#at] === "-" && this.source[this.#at + 1] !== "]") {
        this.#at++;
        const end = this.#setCharacter();
        tests.push(...(typeof end === "number" ? [within(start, end)] : [equals(start), oneOf("-"), end]));
      } else tests.push(typeof start === "number" ? equals(start) : start);
    }
    return isNegated ? not(anyOf(tests)) : anyOf(tests);
  }

  #setCharacter(): number | Fits {
    if (this.#at >= this.source.length) throw new PatternError("a bracket is missing");
    if (this.#take("\\b")) return 8;
    return this.#escape(/c(\w)/y) ?? this.source.charCodeAt(this.#at++);
  }

  #character(): Fits {
    const character = this.#escape() ?? this.source.charCodeAt(this.#at++);
    return typeof character === "number" ? equals(character) : character;
  }

  /** What an escape stands for; undefined where none is next. @param controls What stands for a control character */
  #escape(controls = /c([a-z])/yi): number | Fits | undefined {
    if (!this.#take("\\")) return undefined;
    const number = this.#takeMatch(/x([\da-f]{2})|u([\da-f]{4})/yi);
    if (number) return parseInt(number[1] ?? number[2]!, 16);
    const control = this.#takeMatch(controls);
    if (control) return control[1]!.charCodeAt(0) % 32;
    // Of any other, the backslash stands for itself.
    if (this.source[this.#at] === "c") return "\\".charCodeAt(0);
    if (/[1-9k]/.test(this.source[this.#at] ?? "")) {
      throw new PatternError("it refers back to a group, which is not supported");
    }
    const name = this.source[this.#at++] ?? "";
    if (Object.hasOwn(CLASSES, name)) return CLASSES[name];
    return CONTROLS[name] ?? name.charCodeAt(0);
  }
}

function equals(character: number): Fits {
  return (code) => code === character;
}
