/** The runtime flags of init. The runtime reads them from its environment when it starts, and only then. */

import process from "node:process";
import { executeSelf } from "../process/execute.ts";
import { isCompiled } from "./self.ts";
import { restoreDescriptorLimit } from "../process/limits.ts";
import { setProcessName } from "../process/processes.ts";
import { INIT_FLAGS, missingFlags, removeFlags } from "./variables.ts";

/**
 * Starts this executable anew, as the same process, with the flags: the runtime has no other way to take them. Flags that
 * somebody has set stay as they are. Does nothing when all are set, or where the executable is not compiled or is for
 * another runtime. As process 1 the executable has them from the start, see prologue.ts. Signals are blocked until init
 * listens.
 *
 * @param holdSignals Blocks the signals that mean something to init
 * @param descriptors Descriptors beside the standard streams that the new start is to have, too
 */
export function applyRuntimeFlags(holdSignals: () => void, descriptors: readonly number[]): void {
  if (!isCompiled()) return;
  holdSignals();
  const missing = missingFlags(INIT_FLAGS);
  if (missing.length > 0) {
    restoreDescriptorLimit();
    executeSelf(missing, descriptors);
  } else {
    // This start has named the process after the file, the first after the link to it, as one expects.
    setProcessName(process.argv0.slice(process.argv0.lastIndexOf("/") + 1));
  }
  removeFlags(INIT_FLAGS);
}
