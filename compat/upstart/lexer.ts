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
  /** Takes a run of characters that have no special meaning. */
  ordinary: RegExp;
  /** Characters, besides `#` and the end of the line, that end the token. */
  ends: string;
  /** True when quotes and backslashes stay in the token as they were written. */
  verbatim: boolean;
}

/** A carriage return and a zero byte count as blanks. */
const BLANKS = " \t\r\0";
const RUN_OF_BLANKS = /[ \t\r\0]*/y;
const ORDINARY = /[^ \t\r\0\n#\\'"]+/y;

const KEYWORD: TokenKind = { ordinary: ORDINARY, ends: BLANKS, verbatim: true };
const WORD: TokenKind = { ordinary: ORDINARY, ends: BLANKS, verbatim: false };
const COMMAND: TokenKind = { ordinary: ORDINARY, ends: "", verbatim: true };
const CONDITION: TokenKind = { ordinary: /[^ \t\r\0\n#\\'"()]+/y, ends: BLANKS + "()", verbatim: false };

const END_OF_SCRIPT = /^[ \t\r\0]*end[ \t\r\0]+script[ \t\r\0]*(?:#|$)/;

/** Reads a file from its beginning to its end. Every method that reads may throw a {@link ParseError}. */
export class Lexer {
  /** The line that the reader stands on, counted from 1. */
  line = 1;
  /** The line on which the token read last begins. */
  tokenLine = 1;
  /** Comments so far, from their `#` on, and an empty text for every empty line between stanzas. */
  readonly remarks: string[] = [];
  #position = 0;

  /**
   * @param text the file, one character a byte
   * @param file the path that messages name
   */
  constructor(private readonly text: string, private readonly file: string) {}

  /** Gives up. Without a line, the file as a whole is blamed. */
  fail(reason: string, line?: number): never {
    throw new ParseError(this.file, line, reason);
  }

  /** True when nothing is left of the file. */
  get atEnd(): boolean {
    return this.#position >= this.text.length;
  }

  /** True when something other than a comment is left on the line. */
  get hasToken(): boolean {
    return !this.atEnd && !"#\n".includes(this.text.charAt(this.#position));
  }

  /** Goes to the next stanza, past empty lines and comments. False when there is none. */
  nextStanza(): boolean {
    for (;;) {
      this.#skipRunOfBlanks();
      if (this.hasToken) return true;
      if (this.atEnd) return false;
      if (this.skipLine() === "") this.remarks.push("");
    }
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
    const command = this.#token(COMMAND);
    this.endLine();
    return command;
  }

  /** One token of a condition, and whether it was written without quotes, as operators and brackets are. */
  conditionToken(): { token: string; bare: boolean } {
    const start = this.#position;
    const bracket = this.text.charAt(start);
    if (bracket === "(" || bracket === ")") {
      this.tokenLine = this.line;
      this.#position++;
      this.skipBlanks();
      return { token: bracket, bare: true };
    }
    const token = this.#token(CONDITION);
    if (token === "") this.fail("Expected token", this.tokenLine);
    return { token, bare: !/['"]/.test(this.text.slice(start, this.#position)) };
  }

  /** The lines up to `end script`, without the indentation that they have in common. */
  script(): string {
    this.endLine();
    const lines: string[] = [];
    while (!this.atEnd) {
      const line = this.#takeLine();
      if (END_OF_SCRIPT.test(line)) return decodeBytes(unindented(lines));
      lines.push(line);
    }
    this.fail("Unterminated block", this.line);
  }

  /** Reads the end of the line, with a comment if there is one. */
  endLine(): void {
    if (this.hasToken) this.fail("Unexpected token", this.line);
    this.skipLine();
  }

  /** Skips what is left of the line, and gives it. A comment is remembered. */
  skipLine(): string {
    const rest = this.#takeLine();
    if (rest.startsWith("#")) this.remarks.push(rest);
    return rest;
  }

  /** Skips blanks, and line breaks after a backslash. */
  skipBlanks(): void {
    this.#skipRunOfBlanks();
    while (this.text.startsWith("\\\n", this.#position)) {
      this.#position += 2;
      this.line++;
      this.#skipRunOfBlanks();
    }
  }

  #skipRunOfBlanks(): void {
    RUN_OF_BLANKS.lastIndex = this.#position;
    RUN_OF_BLANKS.test(this.text);
    this.#position = RUN_OF_BLANKS.lastIndex;
  }

  #takeLine(): string {
    const start = this.#position;
    const newline = this.text.indexOf("\n", start);
    if (newline < 0) {
      this.#position = this.text.length;
      return this.text.slice(start);
    }
    this.#position = newline + 1;
    this.line++;
    return this.text.slice(start, newline);
  }

  /** Reads a token and the blanks behind it. */
  #token({ ordinary, ends, verbatim }: TokenKind): string {
    if (!this.hasToken) this.fail("Expected token", this.line);
    this.tokenLine = this.line;
    const { text } = this;
    let token = "";
    let quote = "";
    // Blanks wait here until more of the token follows: those at its end, and around line breaks, do not count.
    let gap = "";
    let broken = false;
    const add = (part: string) => {
      token += gap + part;
      gap = "";
      broken = false;
    };
    for (;;) {
      ordinary.lastIndex = this.#position;
      if (ordinary.test(text)) {
        add(text.slice(this.#position, ordinary.lastIndex));
        this.#position = ordinary.lastIndex;
      }
      if (this.atEnd) break;
      const character = text.charAt(this.#position);
      const escaped = character === "\\" ? this.#escaped() : "";
      if (character === "\n" ? quote !== "" : escaped === "\n") {
        gap = " ";
        broken = true;
        this.line++;
      } else if (escaped !== "") {
        add(verbatim || !(BLANKS + "\\").includes(escaped) ? character + escaped : escaped);
      } else if (character === quote || (quote === "" && (character === "'" || character === '"'))) {
        add(verbatim ? character : "");
        quote = quote === "" ? character : "";
      } else if (quote === "" && (character === "\n" || character === "#" || ends.includes(character))) {
        break;
      } else if (!BLANKS.includes(character)) {
        add(character);
      } else if (!broken) {
        gap += character;
      }
      this.#position += escaped === "" ? 1 : 2;
    }
    if (quote !== "") this.fail("Unterminated quoted string", this.line);
    this.skipBlanks();
    return decodeBytes(upToZero(token));
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

/** Lines without the blanks that all of them, empty ones too, begin with. */
function unindented(lines: string[]): string {
  if (lines.length === 0) return "";
  let common = /^[ \t\r\0]*/.exec(lines[0] ?? "")?.[0] ?? "";
  for (const line of lines) {
    while (!line.startsWith(common)) common = common.slice(0, -1);
  }
  const text = lines.map((line) => line.slice(common.length)).join("\n") + "\n";
  return text.includes("\0") ? upToZero(text).trimEnd() + "\n" : text;
}
