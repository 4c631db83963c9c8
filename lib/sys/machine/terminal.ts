/** What terminals tell of themselves. */

import { call, kernel } from "../call/kernel.ts";

const TCGETS = 0x5401, TCSETS = 0x5402;

/** The width of a descriptor's terminal in columns; undefined where it has no terminal, or one that does not know. */
export function terminalColumns(fd: number): number | undefined {
  const TIOCGWINSZ = 0x5413, { address, bytes } = kernel().scratch;
  if (call("ioctl", fd, TIOCGWINSZ, address) !== 0) return undefined;
  return bytes.readUInt16LE(2) || undefined;
}

/** Has a terminal pass on what is written to it as it is, line ends too (termios(3), OPOST). */
export function passOutput(fd: number): void {
  const OUTPUT_FLAGS = 4, OPOST = 1, { address, bytes } = kernel().scratch;
  if (call("ioctl", fd, TCGETS, address) !== 0) return;
  bytes.writeUInt32LE(bytes.readUInt32LE(OUTPUT_FLAGS) & ~OPOST, OUTPUT_FLAGS);
  call("ioctl", fd, TCSETS, address);
}

/**
 * Reads a key that has been typed on a terminal, without waiting for the line's end.
 * @param isAwaited Waits for a key where none has been typed
 * @returns the key; undefined where there is none, or no terminal.
 */
export function readKey(fd: number, isAwaited: boolean): string | undefined {
  const SIZE = 60;
  const LOCAL_FLAGS = 12, CHARACTERS = 17, VTIME = 5, VMIN = 6, ICANON = 2, ECHO = 8;
  const { address, bytes } = kernel().scratch;
  if (call("ioctl", fd, TCGETS, address) !== 0) return undefined;
  const before = Uint8Array.from(bytes.subarray(0, SIZE));
  bytes.writeUInt32LE(bytes.readUInt32LE(LOCAL_FLAGS) & ~(ICANON | ECHO), LOCAL_FLAGS);
  bytes[CHARACTERS + VMIN] = isAwaited ? 1 : 0;
  bytes[CHARACTERS + VTIME] = 0;
  call("ioctl", fd, TCSETS, address);
  const key = readOne(fd);
  bytes.set(before, 0);
  call("ioctl", fd, TCSETS, address);
  return key;
}

/** One character; undefined at the end, and where nothing has been typed. */
function readOne(fd: number): string | undefined {
  const { address, bytes } = kernel().scratch;
  return call("read", fd, address, 1) === 1 ? String.fromCharCode(bytes[0]!) : undefined;
}

/** Gives a terminal the size of another one. */
export function copyTerminalSize(from: number, to: number): void {
  const TIOCGWINSZ = 0x5413, TIOCSWINSZ = 0x5414, { address } = kernel().scratch;
  if (call("ioctl", from, TIOCGWINSZ, address) === 0) call("ioctl", to, TIOCSWINSZ, address);
}
