/**
 * The lexer of job files: words, commands and blocks (init(5), "Configuration File Format").
 *
 * Blanks part words. Quotes of either kind and a backslash take away a blank's meaning. A line break
 * within quotes or after a backslash becomes, with all blanks around it, a single space. `#` begins a
 * comment, even in the middle of a word.
 */

import {
  BACKSLASH,
  BLANK,
  BLANKS,
  COMMAND,
  CONDITION,
  HASH,
  KEYWORD,
  MEANINGS,
  NEWLINE,
  type TokenKind,
  WORD,
} from "./characters.ts";
import { ParseError } from "../../lib/formats/error.ts";
import { explain } from "./explain.ts";
import { unindented, upToZero } from "./strings.ts";
import { decodeBytes } from "../../lib/model/text/bytes.ts";

/** Found in lines that say something else than what is written. */
const SPECIAL = /[^\t -~]|[#\\'"]/;

/** Found in what is quoted and is not as it is written. */
const SPECIAL_IN_QUOTES = /[\\\n]/;

const QUOTES = `'"`;

/** The line that ends a script, with the line break before it. */
const END_OF_SCRIPT = /\n[ \t\r\0]*end[ \t\r\0]+script[ \t\r\0]*(#[^\n]*)?(?:\n|$)/g;

const NOTHING_COUNTED = { before: 0, line: 1 };

/** Reads a file from its beginning to its end. Every method that reads may throw a {@link ParseError}. */
export class Lexer {
  #position = 0;
  #tokenStart = 0;
  #stanzaStart = 0;
  /** True when the token read last is made of ordinary characters alone. */
  #isPlain = false;
  /** Where what means nothing to stanzas begins and ends, if there is any. */
  #gaps: number[] | undefined;
  /** The line of the place that one was asked for last. */
  #counted = NOTHING_COUNTED;

  /**
   * @param text the file, one character a byte
   * @param file the path that messages name
   */
  constructor(private readonly text: string, private readonly file: string) {}

  /** Gives up. Without a line, the file as a whole is blamed. `known`: words that would have done for the one read last. */
  fail(reason: string, line?: number, known?: Iterable<string>): never {
    const { text } = this;
    const start = Math.max(this.#tokenStart, this.#stanzaStart);
    const detail = explain({
      reason,
      lineBefore: text.slice(Math.max(this.#stanzaStart - 200, 0), this.#stanzaStart).replace(/[ \t]+$/, ""),
      before: text.slice(this.#stanzaStart, start).trimEnd(),
      word: text.slice(start, this.#position).trimEnd(),
      rest: text.slice(this.#position, this.#position + 200),
      wordLine: this.#lineOf(start),
      stanzaLine: this.#lineOf(this.#stanzaStart),
      ...(known && { known }),
    });
    throw new ParseError(this.file, line, reason, detail);
  }

  /** The line that the reader stands on, counted from 1. It is counted when it is asked for, from where it was the last time. */
  get line(): number {
    return this.#lineOf(this.#position);
  }

  /** The line on which the token read last begins, as {@link line}. */
  get tokenLine(): number {
    return this.#lineOf(this.#tokenStart);
  }

  #lineOf(position: number): number {
    let { before, line } = position < this.#counted.before ? NOTHING_COUNTED : this.#counted;
    while ((before = this.text.indexOf("\n", before) + 1) > 0 && before <= position) line++;
    this.#counted = { before: position, line };
    return line;
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
    this.#position = this.#stanzaStart = end;
    if (end > start) (this.#gaps ??= []).push(start, end);
    return end < text.length;
  }

  /** Gives the comments so far, from their `#` on, and an empty text for every empty line between stanzas; each once. */
  takeComments(): string[] {
    const comments: string[] = [];
    const gaps = this.#gaps ?? [];
    for (let index = 0; index < gaps.length; index += 2) {
      const lines = this.text.slice(gaps[index], gaps[index + 1]).split("\n");
      lines.forEach((line, number) => {
        const start = line.indexOf("#");
        if (start >= 0) comments.push(line.slice(start));
        else if (number < lines.length - 1) comments.push("");
      });
    }
    this.#gaps = undefined;
    return comments;
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
    if (end[1] !== undefined) {
      const comment = end.index + end[0].indexOf("#");
      (this.#gaps ??= []).push(comment, comment + end[1].length);
    }
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
  #restOfToken(token: string, kind: TokenKind): string {
    let quote = "";
    // Blanks wait here until more of the token follows: those at its end, and around line breaks, do not count.
    let gap = "";
    let isBroken = false;
    for (;;) {
      const character = this.text.charAt(this.#position), meaning = MEANINGS[character.charCodeAt(0)]!;
      if (character === "" || quote === "" && meaning & kind.ends) break;
      const escaped = character === "\\" ? this.#escaped() : "";
      if (character === "\n" || escaped === "\n") {
        gap = " ";
        isBroken = true;
        this.#position += escaped === "" ? 1 : 2;
      } else if (meaning & BLANK) {
        if (!isBroken) gap += character;
        this.#position++;
      } else {
        let part: string;
        if (escaped !== "") part = this.#escape(escaped, kind);
        else if (character === quote || quote === "" && QUOTES.includes(character)) {
          [part, quote] = this.#quoted(character, quote !== "", kind);
        } else part = this.#ordinary(kind);
        token += gap + part;
        gap = "";
        isBroken = false;
      }
    }
    if (quote !== "") this.fail("Unterminated quoted string", this.line);
    return token;
  }

  /** Reads a backslash and the character behind it. */
  #escape(character: string, { verbatim }: TokenKind): string {
    this.#position += 2;
    return verbatim || !(BLANKS + "\\").includes(character) ? `\\${character}` : character;
  }

  /**
   * Reads a quotation mark, with all up to the closing one where that is as it is written.
   * @returns What it adds to the token, and the quotation mark that is open then, if any.
   */
  #quoted(mark: string, isEnd: boolean, { verbatim }: TokenKind): [part: string, quote: string] {
    const start = ++this.#position, written = verbatim ? mark : "";
    if (isEnd) return [written, ""];
    const end = this.text.indexOf(mark, start);
    const quoted = end < 0 ? undefined : this.text.slice(start, end);
    if (quoted === undefined || SPECIAL_IN_QUOTES.test(quoted)) return [written, mark];
    this.#position = end + 1;
    return [written + quoted + written, ""];
  }

  /** Reads a character as it is, and the ordinary ones behind it. */
  #ordinary({ ordinary }: TokenKind): string {
    const { text } = this, start = this.#position;
    let end = start + 1;
    while (MEANINGS[text.charCodeAt(end)]! & ordinary) end++;
    this.#position = end;
    return text.slice(start, end);
  }

  /** The character behind the backslash that the reader stands on. */
  #escaped(): string {
    return this.text.charAt(this.#position + 1) || this.fail("Trailing slash in file", this.line);
  }
}
