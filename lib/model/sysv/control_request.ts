/**
 * The requests that SysV's clients write to /run/initctl: records of one size, of four numbers and some text. Telinit(8),
 * shutdown(8) and the monitors of power supplies send them.
 */

import { Buffer } from "node:buffer";

/** The FIFO. */
export const CONTROL_FIFO = "/run/initctl";

/** The seconds between SIGTERM and SIGKILL in a change of the runlevel where nobody says another number. */
export const SLEEP_TIME = 3;

/** The size of a request in bytes. */
export const REQUEST_SIZE = 384;

/** What every request begins with. */
const MAGIC = 0x03091969;

const FIELD = { magic: 0, command: 4, runlevel: 8, sleepTime: 12, data: 16 };

/** The commands by their numbers. */
const COMMANDS = [
  "nothing",
  "runlevel",
  "power-fails",
  "power-fails-now",
  "power-is-back",
  "",
  "environment",
] as const;

/** A request. */
export type ControlRequest =
  /** `runlevel`: a runlevel, or a letter of telinit(8)'s. `sleepTime`: the seconds between SIGTERM and SIGKILL. */
  | { command: "runlevel"; runlevel: string; sleepTime: number }
  | { command: "power-fails" | "power-fails-now" | "power-is-back" }
  /** Variables for all processes: `NAME=VALUE`, or `NAME` alone for one that is to go. */
  | { command: "environment"; variables: string[] };

/** Why some bytes are no request. */
export class BadRequest extends Error {}

/**
 * Decodes a request.
 *
 * @throws {BadRequest} when it is none, or one that is not known.
 */
export function decodeRequest(bytes: Buffer): ControlRequest {
  if (bytes.length !== REQUEST_SIZE || bytes.readUInt32LE(FIELD.magic) !== MAGIC) {
    throw new BadRequest("got bogus initrequest");
  }
  const command = COMMANDS[bytes.readInt32LE(FIELD.command)];
  switch (command) {
    case "runlevel": {
      const code = bytes.readInt32LE(FIELD.runlevel);
      const runlevel = code > 0x20 && code < 0x7f ? String.fromCharCode(code) : "";
      return { command, runlevel, sleepTime: Math.max(0, bytes.readInt32LE(FIELD.sleepTime)) };
    }
    case "environment": {
      const text = bytes.toString("utf8", FIELD.data), end = text.indexOf("\0\0");
      const variables = (end < 0 ? text : text.slice(0, end)).split("\0");
      return { command, variables: variables.filter((variable) => variable !== "") };
    }
    case "power-fails":
    case "power-fails-now":
    case "power-is-back":
      return { command };
    default:
      throw new BadRequest("got unimplemented initrequest.");
  }
}

/**
 * Encodes a request.
 *
 * @throws {BadRequest} when the variables do not fit.
 */
export function encodeRequest(request: ControlRequest): Buffer {
  const bytes = Buffer.alloc(REQUEST_SIZE);
  bytes.writeUInt32LE(MAGIC, FIELD.magic);
  bytes.writeInt32LE(COMMANDS.indexOf(request.command), FIELD.command);
  if (request.command === "runlevel") {
    bytes.writeInt32LE(request.runlevel.charCodeAt(0), FIELD.runlevel);
    bytes.writeInt32LE(request.sleepTime, FIELD.sleepTime);
  } else if (request.command === "environment") {
    const text = Buffer.from(request.variables.map((variable) => `${variable}\0`).join(""));
    if (text.length >= REQUEST_SIZE - FIELD.data) throw new BadRequest("the variables are too long");
    text.copy(bytes, FIELD.data);
  }
  return bytes;
}
