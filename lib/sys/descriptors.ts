/** File descriptors: opening, writing, pipes, ptys, memory files. All are opened close-on-exec. Failures throw SystemError. */

/** open(2) flags. */
export const O_RDONLY = 0,
  O_WRONLY = 1,
  O_RDWR = 2,
  O_CREAT = 0o100,
  O_NOCTTY = 0o400,
  O_APPEND = 0o2000,
  O_NONBLOCK = 0o4000;

/** open(2) with O_CLOEXEC; mode counts for O_CREAT. */
export function open(_path: string, _flags: number, _mode = 0): number {
  throw new Error("not yet");
}

/** close(2); a descriptor that is not open is no error. */
export function close(_fd: number): void {
  throw new Error("not yet");
}

/** write(2): how many bytes were written, or the negative error number (e.g. −11, EAGAIN), never an exception. */
export function write(_fd: number, _bytes: Uint8Array): number {
  throw new Error("not yet");
}

/** A pipe: what is written to `writer` can be read from `reader`. */
export function pipe(): { reader: number; writer: number } {
  throw new Error("not yet");
}

/** A pseudo-terminal pair; the slave is not made anyone's controlling terminal. */
export function openPty(): { master: number; slave: number } {
  throw new Error("not yet");
}

/** A file in memory that holds these bytes, positioned at its start, e.g. to feed a script as `/proc/self/fd/9`. */
export function memfd(_name: string, _bytes: Uint8Array): number {
  throw new Error("not yet");
}

/** True when the descriptor is a terminal. */
export function isTerminal(_fd: number): boolean {
  throw new Error("not yet");
}

/** Who is at the other end of a Unix socket, by the kernel's word (SO_PEERCRED). */
export function peerCredentials(_fd: number): { pid: number; uid: number; gid: number } {
  throw new Error("not yet");
}
