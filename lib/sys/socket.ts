/** Unix sockets as a client that has nothing else to do uses them. */

import { Buffer } from "node:buffer";
import { close } from "./descriptors.ts";
import { EINTR, ENAMETOOLONG, SystemError } from "./errno.ts";
import { call, kernel, required } from "./kernel.ts";

const AF_UNIX = 1, SOCK_STREAM = 1, SOCK_NONBLOCK = 0o4000, SOCK_CLOEXEC = 0o2000000;
const LONGEST_PATH = 108;

/**
 * A stream socket, non-blocking, connected to a path, or to an abstract name that begins with a null character.
 * Throws {@link SystemError}; EAGAIN says that the listener's queue is full.
 */
export function connectUnix(path: string): number {
  const length = Buffer.byteLength(path);
  if (length > LONGEST_PATH) throw new SystemError("connect", ENAMETOOLONG);
  const socket = call("socket", AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  required("make a socket", socket);
  // A path ends with a null character, an abstract name where the address does.
  const address = Buffer.alloc(2 + length + (path.startsWith("\0") ? 0 : 1));
  address.writeUInt16LE(AF_UNIX);
  address.write(path, 2);
  const result = call("connect", socket, address, address.length);
  if (result < 0) close(socket);
  required("connect", result);
  return socket;
}

/** What {@link awaitDescriptor} can wait for: that the descriptor can be read, that it can be written to. */
export const POLLIN = 1, POLLOUT = 4;

/** Waits, without anything else getting its turn, for one of these events. */
export function awaitDescriptor(fd: number, events: number): void {
  const { address, bytes } = kernel().scratch;
  bytes.writeInt32LE(fd, 0);
  bytes.writeInt32LE(events, 4);
  const result = call("ppoll", address, 1, 0, 0, 0);
  if (result !== -EINTR) required("wait for a descriptor", result);
}
