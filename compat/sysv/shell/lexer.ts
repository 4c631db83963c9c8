/** A lexer of shell scripts, as far as they can be read without being run: words as they are written, and operators. */

/** A piece of a script. */
export interface Token {
  kind: "word" | "operator" | "redirection" | "newline";
  /** As it is written, with quotes. */
  text: string;
  /** Where it begins and ends in the script. */
  from: number;
  to: number;
}

/** A script that cannot be read, such as one that ends within quotes. */
export class ShellError extends Error {
  override name = "ShellError";
}

/** So deep may quotes and substitutions lie within each other. */
const DEEPEST = 30;

const BLANK = /[ \t\r]/;

/** What ends a word, unless it is quoted. */
const META = /[ \t\r\n;&|()<>]/;

const OPERATOR = /&&|\|\||;;|[;&|()]/y;

/** A redirection, as far as its target; with the descriptor's number before it. */
const REDIRECTION = /\d*(?:<<-?|<&|>&|>>|>\||<>|<|>)/y;

/**
 * The tokens of a script. Comments and the texts of here-documents are left out.
 * @throws {ShellError} for one that ends within something, or holds null characters.
 */
export function tokensOf(text: string): Token[] {
  if (text.includes("\0")) throw new ShellError("it holds null characters");
  return new Lexer(text).run();
}

class Lexer {
  readonly #tokens: Token[] = [];
  #at = 0;
  /** Here-documents that begin in the next line: what ends them, and whether tabs may stand before it. */
  #documents: Array<{ end: string; hasTabs: boolean }> = [];

  constructor(private readonly text: string) {}

  run(): Token[] {
    while (this.#at < this.text.length) this.#next();
    return this.#tokens;
  }

  #next(): void {
    const { text } = this, at = this.#at, character = text[at]!;
    if (BLANK.test(character)) this.#at++;
    else if (text.startsWith("\\\n", at)) this.#at += 2;
    else if (character === "\n") this.#newline();
    else if (character === "#") this.#at = indexFrom(text, "\n", at);
    else if (this.#redirection()) return;
    else {
      const operator = matchAt(OPERATOR, text, at);
      this.#at = operator === undefined ? wordEnd(text, at) : at + operator.length;
      this.#push(operator === undefined ? "word" : "operator", at);
    }
  }

  #push(kind: Token["kind"], from: number): void {
    this.#tokens.push({ kind, text: this.text.slice(from, this.#at), from, to: this.#at });
  }

  #newline(): void {
    this.#at++;
    this.#push("newline", this.#at - 1);
    for (const { end, hasTabs } of this.#documents) {
      for (let line = ""; this.#at < this.text.length;) {
        const stop = indexFrom(this.text, "\n", this.#at);
        line = this.text.slice(this.#at, stop);
        this.#at = stop + 1;
        if ((hasTabs ? line.replace(/^\t+/, "") : line) === end) break;
      }
    }
    this.#documents = [];
  }

  #redirection(): boolean {
    const from = this.#at, operator = matchAt(REDIRECTION, this.text, from);
    if (operator === undefined) return false;
    this.#at += operator.length;
    while (BLANK.test(this.text[this.#at] ?? "")) this.#at++;
    const target = this.#at;
    this.#at = wordEnd(this.text, target);
    this.#push("redirection", from);
    if (operator.includes("<<")) {
      const end = this.text.slice(target, this.#at).replace(/["'\\]/g, "");
      this.#documents.push({ end, hasTabs: operator.endsWith("-") });
    }
    return true;
  }
}

/** Where the word ends that begins here. */
function wordEnd(text: string, from: number): number {
  let at = from;
  while (at < text.length && !META.test(text[at]!)) at = pieceEnd(text, at, 0);
  return at;
}

/**
 * Where a piece ends: a quoted text, a substitution, or one character.
 * @throws {ShellError} where it does not.
 */
export function pieceEnd(text: string, at: number, depth: number): number {
  if (depth > DEEPEST) throw new ShellError("quotes and substitutions are too deep");
  switch (text[at]) {
    case "\\":
      return at + 2;
    case "'":
      return endOf(text, text.indexOf("'", at + 1));
    case '"':
      return untilEnd(text, at + 1, '"', depth);
    case "`":
      return untilEnd(text, at + 1, "`", depth);
    case "$":
      if (text[at + 1] === "(") return untilEnd(text, at + 2, ")", depth);
      if (text[at + 1] === "{") return untilEnd(text, at + 2, "}", depth);
  }
  return at + 1;
}

/** Where what is open ends. Within double quotes, single ones mean nothing. */
function untilEnd(text: string, from: number, end: string, depth: number): number {
  for (let at = from; at < text.length;) {
    if (text[at] === end) return at + 1;
    const isPlain = end === '"' && text[at] === "'" || end === "`" && text[at] !== "\\";
    if (isPlain) at++;
    else if (end === ")" && text[at] === "(") at = untilEnd(text, at + 1, ")", depth + 1);
    else at = pieceEnd(text, at, depth + 1);
    if (depth > DEEPEST) break;
  }
  throw new ShellError(`what begins at ${JSON.stringify(text.slice(from, from + 20))} does not end`);
}

function endOf(text: string, at: number): number {
  if (at < 0 || at >= text.length) throw new ShellError("the script ends within quotes");
  return at + 1;
}

function indexFrom(text: string, wanted: string, from: number): number {
  const found = text.indexOf(wanted, from);
  return found < 0 ? text.length : found;
}

function matchAt(pattern: RegExp, text: string, at: number): string | undefined {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0];
}
