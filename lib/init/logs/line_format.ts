/** The formats of lines on init's own streams (`--log-format`) and in logs (`--log-time`). */

import { Buffer } from "node:buffer";
import { displayName } from "../../model/display_name.ts";
import { printable } from "../../model/text/printable.ts";

/** The names of the formats, for `--log-format`. */
export const LOG_FORMATS = ["plain", "prefix", "time", "json"] as const;
export type LogFormat = (typeof LOG_FORMATS)[number];

/** The output streams of a process. */
export type StreamName = "stdout" | "stderr";

/** The origin of a line. */
export interface OutputSource {
  job: string;
  instance: string;
  stream: StreamName;
}

/** Formats lines. If the last one lacks its newline, it gets one. */
type Format = (lines: Buffer, source: OutputSource) => Uint8Array;

/** The formats that change lines; `plain` does not. They take many lines at a time, for speed. */
export const FORMATS: Readonly<Record<Exclude<LogFormat, "plain">, Format>> = {
  prefix: (lines, source) => prefixed(`${nameOf(source)} | `, lines),
  time: (lines, source) => prefixed(`${time()} ${nameOf(source)} | `, lines),
  json(lines, { job, instance, stream }) {
    const fields = JSON.stringify({ time: time(), job, ...(instance !== "" && { instance }), stream });
    const begin = `${fields.slice(0, -1)},"message":`;
    const records = split(lines.toString()).map((line) => `${begin}${JSON.stringify(line)}}\n`);
    return Buffer.from(records.join(""));
  },
};

/** Puts a prefix in front of each line. The bytes of the lines, valid UTF-8 or not, stay the same. */
function prefixed(prefix: string, lines: Buffer): Uint8Array {
  const bytes = Buffer.from(prefix).toString("latin1");
  const text = split(lines.toString("latin1")).join(`\n${bytes}`);
  return Buffer.from(`${bytes}${text}\n`, "latin1");
}

function split(text: string): string[] {
  return (text.endsWith("\n") ? text.slice(0, -1) : text).split("\n");
}

/** Puts the time in front of each line. Lines may come in pieces. */
export class TimeStamps {
  #isMidLine = false;

  /** @param isMidLine True: the first piece goes on with a line. */
  constructor(isMidLine = false) {
    this.#isMidLine = isMidLine;
  }

  /** True when the last piece has ended within a line. */
  get isMidLine(): boolean {
    return this.#isMidLine;
  }

  /** The next piece, with the time where a line begins. */
  add(bytes: Uint8Array): Uint8Array {
    const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("latin1");
    const stamp = `${time()} `;
    const first = this.#isMidLine ? "" : stamp;
    this.#isMidLine = !text.endsWith("\n");
    const lines = this.#isMidLine ? text : text.slice(0, -1);
    const end = this.#isMidLine ? "" : "\n";
    return Buffer.from(`${first}${lines.replaceAll("\n", `\n${stamp}`)}${end}`, "latin1");
  }
}

/** Formats a message of init's own. `text` is the message as `plain` has it. */
export function formatMessage(
  format: LogFormat,
  { priority, message, text }: { priority: string; message: string; text: string },
): Uint8Array {
  if (format === "json") {
    return Buffer.from(`${JSON.stringify({ time: time(), priority, message })}\n`);
  }
  return Buffer.from(format === "time" ? `${time()} ${text}\n` : `${text}\n`);
}

function nameOf({ job, instance }: OutputSource): string {
  return printable(displayName(job, instance));
}

function time(): string {
  return new Date().toISOString();
}
