/** The output of commands. Setting up the runtime's own streams would take longer than a whole command. */

import { Buffer } from "node:buffer";
import { printableLines } from "../model/text/printable.ts";
import { isTerminal, write as writeSome } from "../sys/io/descriptors.ts";
import { EAGAIN, EINTR, EPIPE, errnoMessage } from "../sys/call/errno.ts";
import { awaitDescriptor, POLLOUT } from "../sys/io/socket.ts";

/** The error for output that cannot be written. The message is for the user. */
export class OutputError extends Error {
  override name = "OutputError";
}

/**
 * Writes all of a text, also to a descriptor that does not block. On a terminal, control characters are escaped: names that
 * others have chosen must not control it. A pipe that nobody reads is no error.
 * @returns false where it is such a pipe.
 * @throws {OutputError} when the text cannot be written, as on a full disk.
 */
export function write(descriptor: number, text: string): boolean {
  return writeStyled(descriptor, isTerminal(descriptor) ? printableLines(text) : text);
}

/**
 * The same for what may control the terminal, such as a text with colours: what others have chosen is escaped in it.
 * @throws {OutputError} as {@link write} does.
 */
export function writeStyled(descriptor: number, text: string | Uint8Array): boolean {
  let bytes = typeof text === "string" ? bytesOf(text) : text;
  while (bytes.length > 0) {
    const result = writeSome(descriptor, bytes);
    if (result >= 0) bytes = bytes.subarray(result);
    else if (result === -EPIPE) return false;
    else if (result === -EAGAIN) awaitDescriptor(descriptor, POLLOUT);
    else if (result !== -EINTR) throw new OutputError(`Unable to write: ${errnoMessage(-result)}`);
  }
  return true;
}

/** A text's bytes. Buffer.from would have to be compiled first, which a command notices. */
function bytesOf(text: string): Uint8Array {
  const bytes = Buffer.alloc(Buffer.byteLength(text));
  bytes.write(text);
  return bytes;
}
