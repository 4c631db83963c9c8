/** The descriptor of `--ready-fd`, which init writes its address to when it is ready. */

import { Buffer } from "node:buffer";
import { readlinkSync } from "node:fs";
import { close, write } from "../../sys/io/descriptors.ts";
import { ifAllowed } from "../../sys/call/refused.ts";

/**
 * True when the descriptor is open and was given to this process. The runtime opens some of its own at numbers that were
 * free, which must be neither written to nor closed. To be asked before init opens any.
 */
export function isGivenDescriptor(descriptor: number): boolean {
  const target = ifAllowed(() => readlinkSync(`/proc/self/fd/${descriptor}`));
  return target !== undefined && !target.startsWith("anon_inode:");
}

/** Writes the address of init to the descriptor, and closes it. Without an address it is only closed. */
export function reportReady(descriptor: number, address: string | undefined): void {
  if (address !== undefined) write(descriptor, Buffer.from(`${address}\n`));
  close(descriptor);
}
