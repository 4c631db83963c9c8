/** The runtime flags of init. The runtime reads them from its environment when it starts, and only then. */

import process from "node:process";
import { executeSelf } from "../process/execute.ts";
import { isCompiled } from "./self.ts";
import { restoreDescriptorLimit } from "../process/limits.ts";
import { setProcessName } from "../process/processes.ts";
import { missingFlags, removeFlags, SINGLE_THREAD_FLAGS } from "./variables.ts";

/** The flags, as variables (`KEY=VALUE`). Init lives long and does little at a time. */
export const FLAGS: readonly string[] = [
  // The optimizing compiler takes long for the code of bursts that are over when it is compiled.
  "BUN_JSC_useDFGJIT=0",
  // The garbage collector's timer wakes a process that has nothing to do. Init collects garbage itself when it is idle.
  "BUN_GC_TIMER_DISABLE=1",
  // From 32 MB on a heap counts as large and is collected later: thousands of jobs are loaded before that.
  "BUN_JSC_largeHeapSize=33554432",
  // Init must live where there can be no more processes, as when a job makes them without end.
  ...SINGLE_THREAD_FLAGS,
];

/**
 * Starts this executable anew, as the same process, with the flags: the runtime has no other way to take them. Flags that
 * somebody has set stay as they are. Does nothing when all are set, or where the executable is not compiled or is for
 * another runtime. Signals stay blocked until init listens.
 *
 * @param holdSignals Blocks the signals that mean something to init
 * @param descriptors Descriptors beside the standard streams that the new start is to have, too
 */
export function applyRuntimeFlags(holdSignals: () => void, descriptors: readonly number[]): void {
  if (!isCompiled()) return;
  const missing = missingFlags(FLAGS);
  if (missing.length > 0) {
    holdSignals();
    restoreDescriptorLimit();
    executeSelf(missing, descriptors);
  } else {
    // The second start has named the process after the file, the first after the link to it, as one expects.
    setProcessName(process.argv0.slice(process.argv0.lastIndexOf("/") + 1));
  }
  removeFlags(FLAGS);
}
