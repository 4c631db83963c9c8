/** Unix sockets: connecting and binding, and blocking until a descriptor is ready. */

import { Buffer } from "node:buffer";
import { close } from "./descriptors.ts";
import { EINTR, ENAMETOOLONG, SystemError } from "../call/errno.ts";
import { call, kernel, required } from "../call/kernel.ts";

const AF_UNIX = 1, SOCK_STREAM = 1, SOCK_DGRAM = 2, SOCK_NONBLOCK = 0o4000, SOCK_CLOEXEC = 0o2000000;
const LONGEST_PATH = 108;

/**
 * A stream socket, non-blocking, connected to a path, or to an abstract name that begins with a null character.
 * @throws {SystemError} EAGAIN means that the listener's queue is full.
 */
export function connectUnix(path: string): number {
  return socketAt("connect", path);
}

/**
 * The same, bound to that address.
 * @throws {SystemError} EADDRINUSE means that another socket is, or that there is a file.
 */
export function bindUnix(path: string): number {
  return socketAt("bind", path);
}

/**
 * A datagram socket, non-blocking, bound to that address.
 * @throws {SystemError} EADDRINUSE as above
 */
export function bindUnixDatagram(path: string): number {
  return socketAt("bind", path, SOCK_DGRAM);
}

/**
 * A datagram socket, non-blocking, that sends to that address: each write(2) is a message.
 * @throws {SystemError} ECONNREFUSED means that nobody receives there.
 */
export function connectUnixDatagram(path: string): number {
  return socketAt("connect", path, SOCK_DGRAM);
}

function socketAt(what: "bind" | "connect", path: string, type = SOCK_STREAM): number {
  const length = Buffer.byteLength(path);
  if (length > LONGEST_PATH) throw new SystemError(what, ENAMETOOLONG);
  const socket = call("socket", AF_UNIX, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  required("make a socket", socket);
  // A path ends with a null character. An abstract name has none: the size of the address ends it.
  const address = Buffer.alloc(2 + length + (path.startsWith("\0") ? 0 : 1));
  address.writeUInt16LE(AF_UNIX);
  address.write(path, 2);
  const result = call(what, socket, address, address.length);
  if (result < 0) close(socket);
  required(what, result);
  return socket;
}

/** Events of poll(2) for {@link awaitDescriptor}: the descriptor can be read, or written to. */
export const POLLIN = 1, POLLOUT = 4;

/**
 * Blocks until one of the events, or a signal, comes, or the time is over. The event loop does not run meanwhile.
 * @param time How long at most, in ms
 * @returns true for an event.
 * @throws {SystemError}
 */
export function awaitDescriptor(fd: number, events: number, time = Infinity): boolean {
  return awaitOrUnread(fd, events, undefined, time) !== undefined;
}

/**
 * The same, and until nobody reads any more what is written to another descriptor, a pipe or a socket.
 * @returns `"unread"` then, undefined without an event.
 * @throws {SystemError}
 */
export function awaitOrUnread(
  fd: number,
  events: number,
  output: number | undefined,
  time = Infinity,
): "event" | "unread" | undefined {
  const { address, bytes } = kernel().scratch;
  bytes.writeInt32LE(fd, 0);
  bytes.writeInt32LE(events, 4);
  // The kernel tells of the other side's end unasked, and passes over -1.
  bytes.writeInt32LE(output ?? -1, 8);
  bytes.writeInt32LE(0, 12);
  const limit = address + 16;
  if (time !== Infinity) {
    bytes.writeBigInt64LE(BigInt(Math.floor(time / 1000)), 16);
    bytes.writeBigInt64LE(BigInt(Math.floor(time % 1000 * 1e6)), 24);
  }
  const result = call("ppoll", address, 2, time === Infinity ? 0 : limit, 0, 0);
  if (result !== -EINTR) required("wait for a descriptor", result);
  if (result <= 0) return undefined;
  return bytes.readInt16LE(14) !== 0 ? "unread" : "event";
}
