/** OpenRC's messages, as its programs print them. */

import { Buffer } from "node:buffer";
import process from "node:process";
import {
  isYes,
  type MessageKind,
  type MessageStyle,
  messageText,
  outcomeText,
  type Palette,
  paletteOf,
} from "../../../compat/openrc/mod.ts";
import { printable } from "../../model/text/printable.ts";
import { isTerminal } from "../../sys/io/descriptors.ts";
import { terminalColumns, USUAL_COLUMNS } from "../../sys/machine/terminal.ts";
import { writeAll } from "../../sys/io/write_all.ts";

const OUTPUT = 1, ERRORS = 2;

/** Takes what is printed to a standard stream. */
export type OutputSink = (stream: number, bytes: Uint8Array) => void;

/** Prints messages, as far as the environment has them printed. */
export class OpenrcMessages {
  readonly #environment: Record<string, string | undefined>;
  readonly #palette: Palette | undefined;
  /** Set while a line is not ended yet. */
  #isOpen: boolean;
  /** What stands before each line. */
  prefix: string | undefined;
  /** Where messages go: to the streams themselves, unless several services share them. */
  sink: OutputSink = writeAll;

  constructor(environment: Record<string, string | undefined> = process.env) {
    this.#environment = environment;
    this.#palette = paletteOf(environment);
    // The script that runs this program may have begun a line, and says what its last message was.
    const last = environment["EINFO_LASTCMD"] ?? "";
    this.#isOpen = last.endsWith("n") && last !== "ewarn";
  }

  /** The colours of standard output; undefined where it has none. */
  get palette(): Palette | undefined {
    return isTerminal(OUTPUT) ? this.#palette : undefined;
  }

  get isQuiet(): boolean {
    return isYes(this.#environment["EINFO_QUIET"]);
  }

  get isVerbose(): boolean {
    return isYes(this.#environment["EINFO_VERBOSE"]);
  }

  info(text: string): void {
    if (!this.isQuiet) this.#line(OUTPUT, "info", text);
  }

  /** A message whose line goes on. */
  openInfo(text: string): void {
    if (this.isQuiet) return;
    this.#message(OUTPUT, "info", text);
    this.#isOpen = true;
  }

  warn(text: string): void {
    if (!this.isQuiet) this.#line(ERRORS, "warning", text);
  }

  /** A warning without the end of its line, which whoever called this prints. */
  openWarning(text: string): void {
    if (!this.isQuiet) this.#message(ERRORS, "warning", text);
  }

  error(text: string): void {
    if (!isYes(this.#environment["EERROR_QUIET"])) this.#line(ERRORS, "error", text);
  }

  /** Says that something begins; {@link end} is to follow. */
  begin(text: string): void {
    if (this.isQuiet) return;
    const { palette } = this.#message(OUTPUT, "info", text);
    this.#put(OUTPUT, palette ? " ...\n" : " ...");
    this.#isOpen = true;
  }

  /** Says how it ended. @param text What is wrong, where it did not end well */
  end(isGood: boolean, text?: string): void {
    if (this.isQuiet) return;
    const stream = text === undefined || isGood ? OUTPUT : ERRORS;
    let used = 0;
    if (text !== undefined && !isGood) {
      const { indent } = this.#message(stream, "error", text);
      this.#put(stream, "\n");
      used = indent + Buffer.byteLength(text) + 4;
    }
    this.#put(stream, outcomeText(isGood, used, this.#style(stream)));
    this.#isOpen = false;
  }

  #line(stream: number, kind: MessageKind, text: string): void {
    this.#message(stream, kind, text);
    this.#put(stream, "\n");
    this.#isOpen = false;
  }

  #message(stream: number, kind: MessageKind, text: string): MessageStyle {
    const style = this.#style(stream);
    const open = this.#isOpen && !style.palette ? "\n" : "";
    this.#put(stream, open + messageText(kind, printable(text), style));
    return style;
  }

  #put(stream: number, text: string): void {
    this.sink(stream, Buffer.from(text));
  }

  #style(stream: number): MessageStyle {
    const isShown = isTerminal(stream);
    return {
      palette: isShown ? this.#palette : undefined,
      columns: columnsOf(stream, this.#environment),
      indent: Math.min(Math.max(Number.parseInt(this.#environment["EINFO_INDENT"] ?? "0", 10) || 0, 0), 40),
      prefix: this.prefix,
    };
  }
}

/** The width of a stream's terminal: as `COLUMNS` says, else as it is. */
export function columnsOf(
  stream: number,
  environment: Record<string, string | undefined> = process.env,
): number {
  const given = environment["COLUMNS"] ?? "";
  return /^\d+$/.test(given) ? Number(given) : terminalColumns(stream) ?? USUAL_COLUMNS;
}
