/** Sockets: connecting, binding and listening, and blocking until a descriptor is ready. */

import { Buffer } from "node:buffer";
import { close } from "./descriptors.ts";
import { EINTR, ENAMETOOLONG, SystemError } from "../call/errno.ts";
import { call, kernel, required } from "../call/kernel.ts";

const AF_UNIX = 1,
  AF_INET = 2,
  AF_INET6 = 10,
  SOCK_STREAM = 1,
  SOCK_DGRAM = 2,
  SOCK_NONBLOCK = 0o4000,
  SOCK_CLOEXEC = 0o2000000;
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
function bindUnix(path: string): number {
  return socketAt("bind", path);
}

/** How many clients may wait to be accepted (listen(2)); others get EAGAIN. */
const BACKLOG = 1024;

/**
 * A stream socket, non-blocking, that listens at a path, or at an abstract name that begins with a null character.
 * @throws {SystemError} EADDRINUSE as above
 */
export function listenUnix(path: string): number {
  return listening(bindUnix(path));
}

/**
 * A TCP socket, non-blocking, that listens.
 * @param address An IP address
 * @param port 0: the kernel chooses one
 * @throws {SystemError} such as EADDRINUSE or EADDRNOTAVAIL
 */
export function listenTcp(address: string, port: number): number {
  const SOL_SOCKET = 1, SO_REUSEADDR = 2;
  const isSix = address.includes(":");
  const socket = required(
    "make a socket",
    call("socket", isSix ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0),
  );
  const on = Uint8Array.of(1, 0, 0, 0), name = internetName(address, port);
  call("setsockopt", socket, SOL_SOCKET, SO_REUSEADDR, on, on.length);
  const result = call("bind", socket, name, name.length);
  if (result < 0) close(socket);
  required("bind", result);
  return listening(socket);
}

/** The port that a TCP socket is bound to. @throws {SystemError} */
export function portOf(socket: number): number {
  const { address, bytes } = kernel().scratch, size = 28;
  required("read a socket's address", call("getsockname", socket, address, Uint8Array.of(size, 0, 0, 0)));
  return bytes.readUInt16BE(2);
}

/** Tells the other side of a connection that nothing more will be written (shutdown(2)). */
export function finishWriting(socket: number): void {
  const SHUT_WR = 1;
  call("shutdown", socket, SHUT_WR);
}

function listening(socket: number): number {
  const result = call("listen", socket, BACKLOG);
  if (result < 0) close(socket);
  required("listen", result);
  return socket;
}

/** `struct sockaddr_in` or `sockaddr_in6`. */
function internetName(address: string, port: number): Buffer {
  const isSix = address.includes(":"), name = Buffer.alloc(isSix ? 28 : 16);
  name.writeUInt16LE(isSix ? AF_INET6 : AF_INET);
  name.writeUInt16BE(port, 2);
  if (isSix) name.set(sixteenBytes(address), 8);
  else name.set(address.split(".").map(Number), 4);
  return name;
}

/** The bytes of an IPv6 address, whose notation is valid (RFC 4291, 2.2). */
function sixteenBytes(address: string): Uint8Array {
  const dotted = address.replace(
    /(\d+)\.(\d+)\.(\d+)\.(\d+)$/,
    (_, ...parts) => {
      const [one, two, three, four] = parts.slice(0, 4).map(Number) as [number, number, number, number];
      return `${(one << 8 | two).toString(16)}:${(three << 8 | four).toString(16)}`;
    },
  );
  const [first = [], last = []] = dotted.split("::").map((part) => part === "" ? [] : part.split(":"));
  const zeros = Array.from({ length: 8 - first.length - last.length }, () => "0");
  const words = [...first, ...zeros, ...last].map((word) => parseInt(word, 16));
  return Uint8Array.from(words.flatMap((word) => [word >> 8, word & 255]));
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

/** True when the other side of a connection has closed it, or it has failed. */
export function isHungUp(fd: number): boolean {
  const { address, bytes } = kernel().scratch, POLLERR = 8, POLLHUP = 16;
  bytes.writeInt32LE(fd, 0);
  bytes.writeInt32LE(0, 4);
  bytes.fill(0, 16, 32);
  return call("ppoll", address, 1, address + 16, 0, 0) > 0 &&
    (bytes.readInt16LE(6) & (POLLERR | POLLHUP)) !== 0;
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
