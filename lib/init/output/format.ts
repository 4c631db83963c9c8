/** How lines look on init's own streams (`--log-format`). */

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

/** A line as it is printed, its end included. The line given has no end. */
type Format = (line: Buffer, source: Source) => Uint8Array;

const END = Buffer.from("\n");

/** The formats that touch every line; `plain` leaves bytes as they are. */
export const FORMATS: Readonly<Record<Exclude<LogFormat, "plain">, Format>> = {
  prefix: (line, source) => Buffer.concat([Buffer.from(`${nameOf(source)} | `), line, END]),
  time: (line, source) => Buffer.concat([Buffer.from(`${time()} ${nameOf(source)} | `), line, END]),
  json: (line, { job, instance, stream }) =>
    record({ job, ...(instance !== "" && { instance }), stream, message: line.toString() }),
};

/** A message of init's own; `text` is it as `plain` has it. */
export function formatMessage(
  format: LogFormat,
  { priority, message, text }: { priority: string; message: string; text: string },
): Uint8Array {
  if (format === "json") return record({ priority, message });
  return Buffer.from(format === "time" ? `${time()} ${text}\n` : `${text}\n`);
}

function record(fields: Record<string, string>): Uint8Array {
  return Buffer.from(`${JSON.stringify({ time: time(), ...fields })}\n`);
}

function nameOf({ job, instance }: Source): string {
  return instance === "" ? job : `${job} (${instance})`;
}

function time(): string {
  return new Date().toISOString();
}
