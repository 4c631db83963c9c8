/** What commands print. The runtime's own streams would take longer to set up than a whole command. */

import { Buffer } from "node:buffer";
import { write as writeSome } from "../sys/descriptors.ts";
import { EAGAIN, EINTR, EPIPE, SystemError } from "../sys/errno.ts";
import { awaitDescriptor, POLLOUT } from "../sys/socket.ts";

/** Writes all of a text, also where the descriptor is one that does not block. Nobody reading is no error. */
export function write(descriptor: number, text: string): void {
  let bytes = Buffer.alloc(Buffer.byteLength(text));
  bytes.write(text);
  while (bytes.length > 0) {
    const result = writeSome(descriptor, bytes);
    if (result >= 0) bytes = bytes.subarray(result);
    else if (result === -EPIPE) return;
    else if (result === -EAGAIN) awaitDescriptor(descriptor, POLLOUT);
    else if (result !== -EINTR) throw new SystemError("write", -result);
  }
}
