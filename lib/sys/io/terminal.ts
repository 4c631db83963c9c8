/** What terminals tell of themselves. */

import { call, kernel } from "../call/kernel.ts";

/** The width of a descriptor's terminal in columns; undefined where it has no terminal, or one that does not know. */
export function terminalColumns(fd: number): number | undefined {
  const TIOCGWINSZ = 0x5413, { address, bytes } = kernel().scratch;
  if (call("ioctl", fd, TIOCGWINSZ, address) !== 0) return undefined;
  return bytes.readUInt16LE(2) || undefined;
}
