/** Lines of logs as they are shown: on a terminal with time and colours, elsewhere as they were printed. */

import { Buffer } from "node:buffer";
import { displayName } from "../../model/display_name.ts";
import { printable, printableLines, withoutColours } from "../../model/text/printable.ts";
import { COLOURED, type Style } from "../screen/style.ts";
import type { LogLine } from "./log_line.ts";
import { clockTime, isSameDay } from "./since.ts";

/** The colours of jobs' names (ECMA-48, Select Graphic Rendition), by turns. */
const COLOURS = [36, 33, 35, 32, 34, 96, 93, 95, 92, 94];

/** How lines are shown. */
interface LogLook {
  style: Style;
  isTerminal: boolean;
  /** True: all lines are of one job, so that those of its nameless instance bear no name. */
  isOneJob: boolean;
  now: number;
}

/** Shows the lines of logs. It remembers which colour a job has. */
export class LogText {
  readonly #colours = new Map<string, number>();

  constructor(private readonly look: LogLook) {}

  /** A line as bytes, with its end. */
  bytesOf(line: LogLine): Uint8Array {
    const name = this.#nameOf(line);
    if (!this.look.isTerminal) {
      return Buffer.concat([Buffer.from(name), line.bytes ?? Buffer.from(line.text), NEWLINE]);
    }
    const text = printableLines(withoutColours(line.text));
    return Buffer.from(`${this.look.style(this.#timeOf(line), "dim")} ${name}${text}\n`);
  }

  #timeOf({ at }: LogLine): string {
    return at === undefined ? " ".repeat("04:15:30".length) : clockTime(at, !isSameDay(at, this.look.now));
  }

  /** The name of the line's instance, and what separates the line from it. */
  #nameOf({ job, instance }: LogLine): string {
    if (this.look.isOneJob && instance === "") return "";
    const name = printable(displayName(job, instance));
    if (this.look.style !== COLOURED) return `${name} | `;
    const colour = this.#colours.get(job) ?? COLOURS[this.#colours.size % COLOURS.length]!;
    this.#colours.set(job, colour);
    return `\x1b[${colour}m${name}\x1b[0m | `;
  }
}

const NEWLINE = Buffer.from("\n");

/** A line as an object of JSON: see docs/schema/log-line.json. */
export function logLineAsJson({ job, instance, at, text }: LogLine): object {
  return { ...at !== undefined && { at }, job, instance, text };
}
