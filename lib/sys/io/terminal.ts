/** What terminals tell of themselves. */

import { call, kernel } from "../call/kernel.ts";

/** The width of a descriptor's terminal in columns; undefined where it has no terminal, or one that does not know. */
export function terminalColumns(fd: number): number | undefined {
  const TIOCGWINSZ = 0x5413, { address, bytes } = kernel().scratch;
  if (call("ioctl", fd, TIOCGWINSZ, address) !== 0) return undefined;
  return bytes.readUInt16LE(2) || undefined;
}

/** Gives a terminal the size of another one. */
export function copyTerminalSize(from: number, to: number): void {
  const TIOCGWINSZ = 0x5413, TIOCSWINSZ = 0x5414, { address } = kernel().scratch;
  if (call("ioctl", from, TIOCGWINSZ, address) === 0) call("ioctl", to, TIOCSWINSZ, address);
}
