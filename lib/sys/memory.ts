/** This process's own memory. */

import process from "node:process";
import { kernel } from "./kernel.ts";

/** How much of this process is in memory, in bytes, its program's file included. */
export function residentMemory(): number {
  return process.memoryUsage.rss();
}

/** Collects garbage and gives what is not used back to the kernel, as far as the runtime can. It takes some ms. */
export function releaseMemory(): void {
  kernel().release();
}
