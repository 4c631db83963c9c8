/** File descriptors. All are opened close-on-exec. Functions throw {@link SystemError} unless they say otherwise. */

import { Buffer } from "node:buffer";
import process from "node:process";
import { EAGAIN, EINTR, SystemError } from "../call/errno.ts";
import { call, kernel, required, SCRATCH_SIZE } from "../call/kernel.ts";
import { PreparedCalls } from "../call/prepared_calls.ts";

/** open(2)'s flags. */
export const O_RDONLY = 0,
  O_WRONLY = 0o1,
  O_RDWR = 0o2,
  O_CREAT = 0o100,
  O_NOCTTY = 0o400,
  O_APPEND = 0o2000,
  O_NONBLOCK = 0o4000,
  // The one flag that the architectures number differently.
  O_NOFOLLOW = process.arch === "arm64" ? 0o100000 : 0o400000,
  O_CLOEXEC = 0o2000000;

/** Stands for the working directory where a call takes a directory's descriptor. */
export const AT_FDCWD = -100;

/**
 * open(2).
 * @param mode The mode of a file that O_CREAT makes
 * @throws {SystemError}
 */
export function open(path: string, flags: number, mode = 0): number {
  return required(`open ${path}`, call("openat", AT_FDCWD, path, flags | O_CLOEXEC, mode));
}

/**
 * The same where no symbolic link is on the way, neither in the path nor at its end (openat2(2)). Gives the descriptor, or the
 * negative error number: −ELOOP for a link, −ENOSYS where the kernel has no such call; does not throw.
 */
export function openWithoutLinks(path: string, flags: number, mode = 0): number {
  const RESOLVE_NO_SYMLINKS = 4n;
  const how = BigUint64Array.of(BigInt(flags | O_CLOEXEC), BigInt(mode), RESOLVE_NO_SYMLINKS);
  return call("openat2", AT_FDCWD, path, new Uint8Array(how.buffer), how.byteLength);
}

/** close(2). Errors are ignored, also that the descriptor is not open. */
export function close(fd: number): void {
  call("close", fd);
}

/** write(2). Gives how many bytes were written, or the negative error number, e.g. −11 for EAGAIN; does not throw. */
export function write(fd: number, bytes: Uint8Array): number {
  const part = bytes.length > SCRATCH_SIZE ? bytes.subarray(0, SCRATCH_SIZE) : bytes;
  return call("write", fd, part, part.length);
}

/** read(2), 64 KB at most. Gives the bytes, none at the end, or the negative error number; does not throw. */
export function read(fd: number): Uint8Array | number {
  const { address, bytes } = kernel().scratch;
  const result = call("read", fd, address, SCRATCH_SIZE);
  return result < 0 ? result : new Uint8Array(bytes.subarray(0, result));
}

/**
 * Reads a file to its end, which must not be one that others write to meanwhile.
 * @throws {SystemError}
 */
export function readToEnd(fd: number): Buffer {
  const pieces: Uint8Array[] = [];
  for (;;) {
    const piece = read(fd);
    if (piece === -EINTR) continue;
    if (typeof piece === "number") throw new SystemError("read a file", -piece);
    if (piece.length === 0) return Buffer.concat(pieces);
    pieces.push(piece);
  }
}

let reading: PreparedCalls | undefined;

/**
 * Reads from a non-blocking descriptor until there is no more, or 64 KB are reached: terminals give at most 4 KB at a
 * time. The bytes are valid until the next system call. Otherwise as {@link read}.
 */
export function readAvailable(fd: number): Uint8Array | number {
  const { address, bytes } = kernel().scratch;
  reading ??= new PreparedCalls(["read"]);
  reading.set(0, 0, fd);
  let length = 0;
  for (let result = 1; result > 0 && length < SCRATCH_SIZE; length += Math.max(result, 0)) {
    reading.set(0, 1, address + length);
    reading.set(0, 2, SCRATCH_SIZE - length);
    reading.run();
    result = reading.result(0);
    if (result < 0 && length === 0) return result;
  }
  return bytes.subarray(0, length);
}

/**
 * Makes a descriptor non-blocking, for all that share the open file (open(2)).
 * @throws {SystemError}
 */
export function setNonBlocking(fd: number): void {
  const F_GETFL = 3, F_SETFL = 4;
  const flags = required("read a descriptor's flags", call("fcntl", fd, F_GETFL));
  required("make a descriptor non-blocking", call("fcntl", fd, F_SETFL, flags | O_NONBLOCK));
}

/**
 * Another descriptor for the same open file, behind the standard streams.
 * @throws {SystemError}
 */
export function duplicate(fd: number): number {
  const F_DUPFD_CLOEXEC = 1030, BEHIND_STREAMS = 3;
  return required("duplicate a descriptor", call("fcntl", fd, F_DUPFD_CLOEXEC, BEHIND_STREAMS));
}

/**
 * Has a descriptor, such as a standard stream, stand for the open file of another one (dup2(2)). Children inherit it.
 * @throws {SystemError}
 */
export function duplicateOnto(fd: number, target: number): void {
  required("replace a descriptor", call("dup3", fd, target, 0));
}

/**
 * pipe(2): what is written to `writer` can be read from `reader`.
 * @throws {SystemError}
 */
export function pipe(): { reader: number; writer: number } {
  const { address, bytes } = kernel().scratch;
  required("make a pipe", call("pipe2", address, O_CLOEXEC));
  return { reader: bytes.readInt32LE(0), writer: bytes.readInt32LE(4) };
}

/**
 * Opens a pseudo-terminal (pty(7)), without making it a controlling terminal.
 * @throws {SystemError}
 */
export function openPty(): { master: number; slave: number } {
  const TIOCSPTLCK = 0x40045431;
  const master = open("/dev/ptmx", O_RDWR | O_NOCTTY);
  try {
    required("unlock a pseudo-terminal", call("ioctl", master, TIOCSPTLCK, new Uint8Array(4)));
    return { master, slave: openPtyPeer(master) };
  } catch (error) {
    close(master);
    throw error;
  }
}

/**
 * Opens the slave of a pseudo-terminal once more.
 * @throws {SystemError}
 */
export function openPtyPeer(master: number): number {
  const TIOCGPTPEER = 0x5441;
  const slave = call("ioctl", master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
  return required("open the slave of a pseudo-terminal", slave);
}

/**
 * A file in memory that holds bytes (memfd_create(2)), positioned at its start.
 * @throws {SystemError}
 */
export function memfd(name: string, bytes: Uint8Array): number {
  const MFD_CLOEXEC = 1, SEEK_SET = 0;
  const fd = required("make a file in memory", call("memfd_create", name, MFD_CLOEXEC));
  for (let written = 0; written < bytes.length;) {
    const result = write(fd, bytes.subarray(written));
    if (result < 0) close(fd);
    written += required("fill a file in memory", result);
  }
  call("lseek", fd, 0, SEEK_SET);
  return fd;
}

/**
 * fchmod(2).
 * @throws {SystemError}
 */
export function fchmod(fd: number, mode: number): void {
  required("change a file's mode", call("fchmod", fd, mode));
}

/** How often a lock that another process holds is tried again, and the pause before that, in ms. */
const LOCK_ATTEMPTS = 50, LOCK_PAUSE = 20;

/**
 * Locks a whole file until it is closed (fcntl(2), F_SETLK). Blocks up to a second where another process holds a lock.
 * @returns false when that process holds it still.
 */
export function lockForWriting(fd: number): boolean {
  const F_SETLK = 6, F_WRLCK = 1;
  const lock = new Uint8Array(32);
  lock[0] = F_WRLCK;
  for (let attempt = 0; attempt < LOCK_ATTEMPTS; attempt++) {
    if (call("fcntl", fd, F_SETLK, lock) === 0) return true;
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, LOCK_PAUSE);
  }
  return false;
}

/**
 * Locks a whole file for all that share its description, without waiting (flock(2)).
 * @returns false when another process holds a lock that excludes this one.
 * @throws {SystemError}
 */
export function lockFile(fd: number, kind: "shared" | "exclusive"): boolean {
  const LOCK_SH = 1, LOCK_EX = 2, LOCK_NB = 4;
  const result = call("flock", fd, (kind === "shared" ? LOCK_SH : LOCK_EX) | LOCK_NB);
  return result !== -EAGAIN && required("lock a file", result) === 0;
}

/** True for a terminal (isatty(3)). */
export function isTerminal(fd: number): boolean {
  const TCGETS = 0x5401;
  return call("ioctl", fd, TCGETS, kernel().scratch.address) === 0;
}

/**
 * The credentials of the peer of a Unix socket, from the kernel (unix(7), SO_PEERCRED).
 * @throws {SystemError}
 */
export function peerCredentials(fd: number): { pid: number; uid: number; gid: number } {
  const SOL_SOCKET = 1, SO_PEERCRED = 17, size = 12;
  const { address, bytes } = kernel().scratch;
  const length = Uint8Array.of(size, 0, 0, 0);
  required(
    "learn who is at the other end of a socket",
    call("getsockopt", fd, SOL_SOCKET, SO_PEERCRED, address, length),
  );
  return { pid: bytes.readInt32LE(0), uid: bytes.readUInt32LE(4), gid: bytes.readUInt32LE(8) };
}
