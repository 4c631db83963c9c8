/** How lines look on init's own streams (`--log-format`) and in logs (`--log-time`). */

import { Buffer } from "node:buffer";

/** The formats, by the names that `--log-format` has for them. */
export const LOG_FORMATS = ["plain", "prefix", "time", "json"] as const;
export type LogFormat = (typeof LOG_FORMATS)[number];

/** Which of its two output streams a job writes to. */
export type StreamName = "stdout" | "stderr";

/** Who has written a line. */
export interface Source {
  job: string;
  instance: string;
  stream: StreamName;
}

/** Lines as they are printed. The last of those given may lack its end; it gets one. */
type Format = (lines: Buffer, source: Source) => Uint8Array;

/** The formats that touch every line; `plain` leaves bytes as they are. Many lines are done at a time, for speed. */
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

/** The lines with something in front of each. Their bytes, whatever they are, stay the same. */
function prefixed(prefix: string, lines: Buffer): Uint8Array {
  const bytes = Buffer.from(prefix).toString("latin1");
  const text = split(lines.toString("latin1")).join(`\n${bytes}`);
  return Buffer.from(`${bytes}${text}\n`, "latin1");
}

function split(text: string): string[] {
  return (text.endsWith("\n") ? text.slice(0, -1) : text).split("\n");
}

/** Puts the time in front of each line, whatever pieces the lines come in. */
export class TimeStamps {
  #isMidLine = false;

  /** The bytes, with stamps where lines begin. */
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

/** A message of init's own; `text` is it as `plain` has it. */
export function formatMessage(
  format: LogFormat,
  { priority, message, text }: { priority: string; message: string; text: string },
): Uint8Array {
  if (format === "json") {
    return Buffer.from(`${JSON.stringify({ time: time(), priority, message })}\n`);
  }
  return Buffer.from(format === "time" ? `${time()} ${text}\n` : `${text}\n`);
}

function nameOf({ job, instance }: Source): string {
  return instance === "" ? job : `${job} (${instance})`;
}

function time(): string {
  return new Date().toISOString();
}
