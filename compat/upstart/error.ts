/** What a classic job file that cannot be understood is answered with. */

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

  constructor(file: string, line: number | undefined, reason: string) {
    super(line === undefined ? `${file}: ${reason}` : `${file}:${line}: ${reason}`);
    this.name = "ParseError";
    this.file = file;
    if (line !== undefined) this.line = line;
    this.reason = reason;
  }
}
