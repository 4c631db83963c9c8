/** The error that a format throws for a job file that it cannot parse. */

/**
 * A job file could not be parsed. The message is what init prints, worded as Upstart words it:
 * `FILE:LINE: REASON`, or `FILE: REASON` when no line is blamed.
 */
export class ParseError extends Error {
  /** The file as its path was given to the parser. */
  readonly file: string;
  /** The line, counted from 1; absent when the error belongs to no line. */
  readonly line?: number;
  /** What is wrong, e.g. "Unknown stanza". */
  readonly reason: string;
  /** The rest of the sentence, which Upstart does not say: which word is meant. May be empty. */
  readonly detail: string;

  constructor(file: string, line: number | undefined, reason: string, detail = "") {
    super(line === undefined ? `${file}: ${reason}` : `${file}:${line}: ${reason}`);
    this.name = "ParseError";
    this.file = file;
    if (line !== undefined) this.line = line;
    this.reason = reason;
    this.detail = detail;
  }
}

/** The message of any error, with the detail of a {@link ParseError}. */
export function sentenceOf(error: unknown): string {
  const { message } = error as Error;
  return error instanceof ParseError ? message + error.detail : message;
}
