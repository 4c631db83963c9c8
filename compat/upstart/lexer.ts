/**
 * The words, commands and blocks of a classic job file (init(5), "Configuration File Format").
 *
 * Blanks part words. Quotes of either kind and a backslash take away a blank's meaning. A line break
 * within quotes or after a backslash becomes, with all blanks around it, a single space. `#` begins a
 * comment, even in the middle of a word.
 */

import { ParseError } from "./error.ts";
import { decodeBytes } from "../../lib/model/bytes.ts";

/** What a token is made of, and what ends it. */
interface TokenKind {
  /** The bit in {@link MEANINGS} of the characters that mean nothing but themselves. */
  ordinary: number;
  /** The bits of those that end the token, where they are in no quotes. */
  ends: number;
  /** True when quotes and backslashes stay in the token as they were written. */
  verbatim: boolean;
}

/** A carriage return and a zero byte count as blanks. */
const BLANKS = " \t\r\0";

/** Bits of {@link MEANINGS}. */
const IN_WORDS = 1, IN_CONDITIONS = 2, BLANK = 4, BRACKET = 8, END_OF_LINE = 16;

/** What each character may be, by its code. Those beyond ASCII have to be decoded: they are not ordinary. */
const MEANINGS = Uint8Array.from({ length: 128 }, (_, code) => {
  const character = String.fromCharCode(code);
  if (BLANKS.includes(character)) return BLANK;
  if ("\n#".includes(character)) return END_OF_LINE;
  if ("()".includes(character)) return BRACKET | IN_WORDS;
  return code < 0x20 || "\\'\"".includes(character) ? 0 : IN_WORDS | IN_CONDITIONS;
});

const IN_LINE = BLANK | END_OF_LINE;
const KEYWORD: TokenKind = { ordinary: IN_WORDS, ends: IN_LINE, verbatim: true };
const WORD: TokenKind = { ordinary: IN_WORDS, ends: IN_LINE, verbatim: false };
const COMMAND: TokenKind = { ordinary: IN_WORDS, ends: END_OF_LINE, verbatim: true };
const CONDITION: TokenKind = { ordinary: IN_CONDITIONS, ends: IN_LINE | BRACKET, verbatim: false };

const NEWLINE = 10, HASH = 35, BACKSLASH = 92;

/** Found in lines that say something else than what is written. */
const SPECIAL = /[^\t -~]|[#\\'"]/;

/** Found in what is quoted and is not as it is written. */
const SPECIAL_IN_QUOTES = /[\\\n]/;

/** The line that ends a script, with the line break before it. */
const END_OF_SCRIPT = /\n[ \t\r\0]*end[ \t\r\0]+script[ \t\r\0]*(?:#[^\n]*)?(?:\n|$)/g;

/** Reads a file from its beginning to its end. Every method that reads may throw a {@link ParseError}. */
export class Lexer {
  #position = 0;
  #tokenStart = 0;
  /** True when the token read last is made of ordinary characters alone. */
  #isPlain = false;
  /** Where what means nothing to stanzas begins and ends, if there is any. */
  #gaps: number[] | undefined;

  /**
   * @param text the file, one character a byte
   * @param file the path that messages name
   */
  constructor(private readonly text: string, private readonly file: string) {}

  /** Gives up. Without a line, the file as a whole is blamed. */
  fail(reason: string, line?: number): never {
    throw new ParseError(this.file, line, reason);
  }

  /** The line that the reader stands on, counted from 1. To be asked for by those who fail: it is counted then. */
  get line(): number {
    return this.text.slice(0, this.#position).split("\n").length;
  }

  /** The line on which the token read last begins, as {@link line}. */
  get tokenLine(): number {
    return this.text.slice(0, this.#tokenStart).split("\n").length;
  }

  /** True when nothing is left of the file. */
  get atEnd(): boolean {
    return this.#position >= this.text.length;
  }

  /** True when something other than a comment is left on the line. */
  get hasToken(): boolean {
    const code = this.text.charCodeAt(this.#position);
    return code >= 0 && code !== NEWLINE && code !== HASH;
  }

  /** Goes to the next stanza, past empty lines and comments. False when there is none. */
  nextStanza(): boolean {
    const { text } = this;
    const start = this.#position;
    let end = start;
    for (;;) {
      const code = text.charCodeAt(end);
      if (code === HASH) end = this.#endOfLine(end);
      else if (code === NEWLINE || MEANINGS[code]! & BLANK) end++;
      else break;
    }
    this.#position = end;
    if (end > start) (this.#gaps ??= []).push(start, end);
    return end < text.length;
  }

  /** Gives the comments so far, from their `#` on, and an empty text for every empty line between stanzas; each once. */
  takeRemarks(): string[] {
    const remarks: string[] = [];
    const gaps = this.#gaps ?? [];
    for (let index = 0; index < gaps.length; index += 2) {
      const lines = this.text.slice(gaps[index], gaps[index + 1]).split("\n");
      lines.forEach((line, number) => {
        const comment = line.indexOf("#");
        if (comment >= 0) remarks.push(line.slice(comment));
        else if (number < lines.length - 1) remarks.push("");
      });
    }
    this.#gaps = undefined;
    return remarks;
  }

  /** The stanza's name that comes next and the word behind it, as they are written. */
  get upcoming(): string {
    return /^[^ \t\r\n#]+(?:[ \t]+[^ \t\r\n#]+)?/.exec(this.text.slice(this.#position, this.#position + 256))
      ?.[0] ??
      "";
  }

  /** A stanza's name or a word of the syntax, as it was written: in quotes it is another word. */
  keyword(): string {
    return this.#token(KEYWORD);
  }

  /** A word with its quotes and backslashes resolved; never empty. */
  word(): string {
    const word = this.#token(WORD);
    if (word === "") this.fail("Expected token", this.tokenLine);
    return word;
  }

  /** All up to the end of the line as it was written, but for broken lines, which are joined. */
  command(): string {
    const start = this.#position, end = this.#endOfLine(start);
    const line = this.text.slice(start, end);
    let command: string;
    if (line === "" || SPECIAL.test(line)) command = this.#token(COMMAND);
    else {
      command = line.trimEnd();
      this.#position = end;
    }
    this.endLine();
    return command;
  }

  /** One token of a condition: a bracket or a word. */
  conditionToken(): string {
    const bracket = this.text.charAt(this.#position);
    if (bracket === "(" || bracket === ")") {
      this.#tokenStart = this.#position++;
      this.#isPlain = true;
      this.skipBlanks();
      return bracket;
    }
    const token = this.#token(CONDITION);
    if (token === "") this.fail("Expected token", this.tokenLine);
    return token;
  }

  /** True when the token read last was written without quotes, as operators and brackets are. */
  get isBare(): boolean {
    return this.#isPlain || !/['"]/.test(this.text.slice(this.#tokenStart, this.#position));
  }

  /** The lines up to `end script`, without the indentation that they have in common. */
  script(): string {
    this.endLine();
    const start = this.#position;
    // The line break before the script may be the one before its end.
    END_OF_SCRIPT.lastIndex = start - 1;
    const end = END_OF_SCRIPT.exec(this.text);
    this.#position = end ? END_OF_SCRIPT.lastIndex : this.text.length;
    if (!end) this.fail("Unterminated block", this.line);
    return decodeBytes(unindented(this.text.slice(start, end.index + 1)));
  }

  /** Reads the end of the line, with a comment if there is one. */
  endLine(): void {
    if (this.hasToken) this.fail("Unexpected token", this.line);
    this.skipLine();
  }

  /** Skips what is left of the line. */
  skipLine(): void {
    const start = this.#position, end = this.#endOfLine(start);
    if (this.text.charCodeAt(start) === HASH) (this.#gaps ??= []).push(start, end);
    this.#position = end + 1;
  }

  /** Skips blanks, and line breaks after a backslash. */
  skipBlanks(): void {
    const { text } = this;
    let end = this.#position;
    for (;;) {
      const code = text.charCodeAt(end);
      if (MEANINGS[code]! & BLANK) end++;
      else if (code === BACKSLASH && text.charCodeAt(end + 1) === NEWLINE) end += 2;
      else break;
    }
    this.#position = end;
  }

  /** Where the line ends that this position is in. */
  #endOfLine(position: number): number {
    const newline = this.text.indexOf("\n", position);
    return newline < 0 ? this.text.length : newline;
  }

  /** Reads a token and the blanks behind it. */
  #token(kind: TokenKind): string {
    const { text } = this, { ordinary } = kind, meanings = MEANINGS;
    const start = this.#position;
    let end = start;
    let code = text.charCodeAt(end);
    while (meanings[code]! & ordinary) code = text.charCodeAt(++end);
    if (end === start && !this.hasToken) this.fail("Expected token", this.line);
    this.#tokenStart = start;
    this.#position = end;
    let token = text.slice(start, end);
    // Hardly any has more to it than that.
    this.#isPlain = end === text.length || (meanings[code]! & kind.ends) !== 0;
    if (!this.#isPlain) token = decodeBytes(upToZero(this.#restOfToken(token, kind)));
    if (code !== NEWLINE) this.skipBlanks();
    return token;
  }

  /** Reads on where a token has a character that is not ordinary. */
  #restOfToken(token: string, { ordinary, ends, verbatim }: TokenKind): string {
    const { text } = this;
    let quote = "";
    // Blanks wait here until more of the token follows: those at its end, and around line breaks, do not count.
    let gap = "";
    let broken = false;
    for (;;) {
      const character = text.charAt(this.#position);
      if (character === "") break;
      const meaning = MEANINGS[character.charCodeAt(0)]!;
      const escaped = character === "\\" ? this.#escaped() : "";
      let end = this.#position + (escaped === "" ? 1 : 2);
      let part: string | undefined;
      if (quote === "" && meaning & ends) break;
      if (character === "\n" || escaped === "\n") {
        gap = " ";
        broken = true;
      } else if (escaped !== "") {
        part = verbatim || !(BLANKS + "\\").includes(escaped) ? character + escaped : escaped;
      } else if (character === quote) {
        part = verbatim ? quote : "";
        quote = "";
      } else if (quote === "" && (character === "'" || character === '"')) {
        const close = text.indexOf(character, end);
        const quoted = close < 0 ? "\n" : text.slice(end, close);
        if (SPECIAL_IN_QUOTES.test(quoted)) {
          part = verbatim ? character : "";
          quote = character;
        } else {
          part = verbatim ? character + quoted + character : quoted;
          end = close + 1;
        }
      } else if (!(meaning & BLANK)) {
        while (MEANINGS[text.charCodeAt(end)]! & ordinary) end++;
        part = text.slice(this.#position, end);
      } else if (!broken) {
        gap += character;
      }
      if (part !== undefined) {
        token += gap + part;
        gap = "";
        broken = false;
      }
      this.#position = end;
    }
    if (quote !== "") this.fail("Unterminated quoted string", this.line);
    return token;
  }

  /** The character behind the backslash that the reader stands on. */
  #escaped(): string {
    return this.text.charAt(this.#position + 1) || this.fail("Trailing slash in file", this.line);
  }
}

/** A zero byte ends every string that is given to the kernel. */
function upToZero(text: string): string {
  const zero = text.indexOf("\0");
  return zero < 0 ? text : text.slice(0, zero);
}

/** Lines, each with its end, without the blanks that all of them, empty ones too, begin with. */
function unindented(script: string): string {
  if (script === "") return "";
  const lines = script.slice(0, -1).split("\n");
  let common = /^[ \t\r\0]*/.exec(script)?.[0] ?? "";
  for (const line of lines) {
    while (!line.startsWith(common)) common = common.slice(0, -1);
  }
  const { length } = common;
  const text = length === 0 ? script : lines.map((line) => line.slice(length)).join("\n") + "\n";
  return text.includes("\0") ? upToZero(text).trimEnd() + "\n" : text;
}
