/** File descriptors. All are opened close-on-exec; failures throw {@link SystemError} where nothing else is said. */

import { call, kernel, required, SCRATCH_SIZE } from "./kernel.ts";
import { PreparedCalls } from "./prepared.ts";

/** open(2)'s flags. */
export const O_RDONLY = 0,
  O_WRONLY = 0o1,
  O_RDWR = 0o2,
  O_CREAT = 0o100,
  O_NOCTTY = 0o400,
  O_TRUNC = 0o1000,
  O_APPEND = 0o2000,
  O_NONBLOCK = 0o4000;

const O_CLOEXEC = 0o2000000, AT_FDCWD = -100;

/** open(2); `mode` counts for O_CREAT. */
export function open(path: string, flags: number, mode = 0): number {
  return required(`open ${path}`, call("openat", AT_FDCWD, path, flags | O_CLOEXEC, mode));
}

/** close(2). One that is not open is no error. */
export function close(fd: number): void {
  call("close", fd);
}

/** write(2): how many bytes were written, or the negative error number, e.g. −11 for EAGAIN. Throws nothing. */
export function write(fd: number, bytes: Uint8Array): number {
  const part = bytes.length > SCRATCH_SIZE ? bytes.subarray(0, SCRATCH_SIZE) : bytes;
  return call("write", fd, part, part.length);
}

/** read(2): what there is, empty at the end, or the negative error number. Throws nothing. */
export function read(fd: number): Uint8Array | number {
  const { address, bytes } = kernel().scratch;
  const result = call("read", fd, address, SCRATCH_SIZE);
  return result < 0 ? result : new Uint8Array(bytes.subarray(0, result));
}

let reading: PreparedCalls | undefined;

/**
 * {@link read} again and again from a descriptor that does not block, until there is no more or 64 KB are reached:
 * terminals give 4 KB at a time at most. The bytes are valid until the kernel is called for something else.
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

/** Makes reading and writing return EAGAIN where they would block. Counts for all who share the open file. */
export function setNonBlocking(fd: number): void {
  const F_GETFL = 3, F_SETFL = 4;
  const flags = required("read a descriptor's flags", call("fcntl", fd, F_GETFL));
  required("make a descriptor non-blocking", call("fcntl", fd, F_SETFL, flags | O_NONBLOCK));
}

/** A pipe: what is written to `writer` can be read from `reader`. */
export function pipe(): { reader: number; writer: number } {
  const { address, bytes } = kernel().scratch;
  required("make a pipe", call("pipe2", address, O_CLOEXEC));
  return { reader: bytes.readInt32LE(0), writer: bytes.readInt32LE(4) };
}

/** A pseudo-terminal (pty(7)). Nobody's controlling terminal yet. */
export function openPty(): { master: number; slave: number } {
  const TIOCSPTLCK = 0x40045431, TIOCGPTPEER = 0x5441;
  const master = open("/dev/ptmx", O_RDWR | O_NOCTTY);
  const unlocked = call("ioctl", master, TIOCSPTLCK, new Uint8Array(4));
  const slave = unlocked < 0 ? unlocked : call("ioctl", master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
  if (slave < 0) close(master);
  return { master, slave: required("open the slave of a pseudo-terminal", slave) };
}

/** A file in memory with these bytes, at its start, e.g. to feed a script as `/proc/self/fd/9`. */
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

/** fchmod(2). */
export function fchmod(fd: number, mode: number): void {
  required("change a file's mode", call("fchmod", fd, mode));
}

/** How often a lock that another has is asked for again, and after how long, in ms. */
const LOCK_ATTEMPTS = 50, LOCK_PAUSE = 20;

/**
 * Locks a whole file against all who ask for such a lock, until it is closed (fcntl(2), F_SETLK). Waits a second for
 * another to be done. False: that one has it still.
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

/** True for a terminal. */
export function isTerminal(fd: number): boolean {
  const TCGETS = 0x5401;
  return call("ioctl", fd, TCGETS, kernel().scratch.address) === 0;
}

/** Who is at the other end of a Unix socket, by the kernel's word (unix(7), SO_PEERCRED). */
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
