/** This process's own memory. */

import { kernel } from "./kernel.ts";

/** Collects garbage and gives what is not used back to the kernel, as far as the runtime can. It takes some ms. */
export function releaseMemory(): void {
  kernel().release();
}
