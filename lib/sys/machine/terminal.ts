/** What terminals tell of themselves. */

import { call, kernel } from "../call/kernel.ts";

/** A terminal's size in characters. */
export interface TerminalSize {
  columns: number;
  rows: number;
}

const TIOCGWINSZ = 0x5413, TIOCSWINSZ = 0x5414, TCGETS = 0x5401, TCSETS = 0x5402;

/** The size of a descriptor's terminal, 0 for what it does not know; undefined where there is no terminal. */
export function terminalSize(fd: number): TerminalSize | undefined {
  const { address, bytes } = kernel().scratch;
  if (call("ioctl", fd, TIOCGWINSZ, address) !== 0) return undefined;
  return { rows: bytes.readUInt16LE(0), columns: bytes.readUInt16LE(2) };
}

/** The width of a descriptor's terminal in columns; undefined where it has no terminal, or one that does not know. */
export function terminalColumns(fd: number): number | undefined {
  return terminalSize(fd)?.columns || undefined;
}

/** The columns of a terminal that does not know. */
export const USUAL_COLUMNS = 80;

/** The columns that text on a descriptor may take; Infinity where there is no terminal. */
export function textColumns(fd: number): number {
  const size = terminalSize(fd);
  return size === undefined ? Infinity : size.columns || USUAL_COLUMNS;
}

/** struct termios of the kernel: its size, and where its parts are. */
const TERMIOS = { size: 36, localFlags: 12, characters: 17 };

/** Local flags (termios(3)): signals by keys, lines as a whole, echo. */
const ISIG = 0o1, ICANON = 0o2, ECHO = 0o10;

const VTIME = 5, VMIN = 6;

/**
 * Has a terminal give keys as they are typed, without showing them.
 * @param isAwaited A read waits for a key
 * @param withSignals False: keys such as ^C are given, too, and send no signals
 * @returns a function that puts it back as it was; undefined where there is no terminal.
 */
export function takeKeys(fd: number, isAwaited: boolean, withSignals: boolean): (() => void) | undefined {
  const { address, bytes } = kernel().scratch;
  if (call("ioctl", fd, TCGETS, address) !== 0) return undefined;
  const before = new Uint8Array(bytes.subarray(0, TERMIOS.size));
  const flags = ICANON | ECHO | (withSignals ? 0 : ISIG);
  bytes.writeUInt32LE((bytes.readUInt32LE(TERMIOS.localFlags) & ~flags) >>> 0, TERMIOS.localFlags);
  bytes[TERMIOS.characters + VMIN] = isAwaited ? 1 : 0;
  bytes[TERMIOS.characters + VTIME] = 0;
  call("ioctl", fd, TCSETS, address);
  return () => {
    bytes.set(before, 0);
    call("ioctl", fd, TCSETS, address);
  };
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
  const restore = takeKeys(fd, isAwaited, true);
  if (!restore) return undefined;
  const key = readOne(fd);
  restore();
  return key;
}

/** One character; undefined at the end, and where nothing has been typed. */
export function readOne(fd: number): string | undefined {
  const { address, bytes } = kernel().scratch;
  return call("read", fd, address, 1) === 1 ? String.fromCharCode(bytes[0]!) : undefined;
}

/** Gives a terminal the size of another one. */
export function copyTerminalSize(from: number, to: number): void {
  const { address } = kernel().scratch;
  if (call("ioctl", from, TIOCGWINSZ, address) === 0) call("ioctl", to, TIOCSWINSZ, address);
}
