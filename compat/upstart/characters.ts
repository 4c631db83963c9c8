/** The classes of characters in job files, and the kinds of tokens. */

/** A kind of tokens: the characters in it, and those that end it. */
export interface TokenKind {
  /** The bit in {@link MEANINGS} of the characters that mean nothing but themselves. */
  ordinary: number;
  /** The bits of those that end the token, where they are in no quotes. */
  ends: number;
  /** True when quotes and backslashes stay in the token as they were written. */
  verbatim: boolean;
}

/** A carriage return and a zero byte count as blanks. */
export const BLANKS = " \t\r\0";

/** Bits of {@link MEANINGS}. */
export const IN_WORDS = 1, IN_CONDITIONS = 2, BLANK = 4, BRACKET = 8, END_OF_LINE = 16;

/** What each character may be, by its code. Those beyond ASCII have to be decoded: they are not ordinary. */
export const MEANINGS = Uint8Array.from({ length: 128 }, (_, code) => {
  const character = String.fromCharCode(code);
  if (BLANKS.includes(character)) return BLANK;
  if ("\n#".includes(character)) return END_OF_LINE;
  if ("()".includes(character)) return BRACKET | IN_WORDS;
  return code < 0x20 || "\\'\"".includes(character) ? 0 : IN_WORDS | IN_CONDITIONS;
});

const IN_LINE = BLANK | END_OF_LINE;
export const KEYWORD: TokenKind = { ordinary: IN_WORDS, ends: IN_LINE, verbatim: true };
export const WORD: TokenKind = { ordinary: IN_WORDS, ends: IN_LINE, verbatim: false };
export const COMMAND: TokenKind = { ordinary: IN_WORDS, ends: END_OF_LINE, verbatim: true };
export const CONDITION: TokenKind = { ordinary: IN_CONDITIONS, ends: IN_LINE | BRACKET, verbatim: false };

export const NEWLINE = 10, HASH = 35, BACKSLASH = 92;
