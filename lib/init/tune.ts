/** The settings of the JavaScript engine that suit an init. It takes them from its environment when it starts. */

import process from "node:process";
import { executeSelf } from "../sys/execute.ts";
import { setProcessName } from "../sys/processes.ts";
import { holdSignals } from "./signals.ts";

/**
 * Init lives long and does little at a time. An optimizing compiler keeps a second processor as busy as the first
 * with code for bursts that are over when it is compiled. The timers of the garbage collector and of the allocator
 * would wake a process that has nothing to do; see {@link Trim} for what is done instead. A heap counts as large, which
 * makes it be collected later, from 32 MB on: thousands of jobs are loaded before that. A helper of the heap's would keep
 * half a megabyte ready for more.
 */
const SETTINGS = [
  "BUN_JSC_useDFGJIT=0",
  "BUN_GC_TIMER_DISABLE=1",
  "MIMALLOC_SCAVENGER=0",
  "BUN_JSC_largeHeapSize=33554432",
  "BUN_JSC_useWarmUpMarkedBlocks=0",
];

const NAMES = SETTINGS.map((setting) => setting.slice(0, setting.indexOf("=")));

/**
 * Starts this executable anew, as the same process, with the settings: the engine has no other way to take them. Does
 * nothing when it has them or somebody's own, and where there is no way. Signals stay blocked until init listens.
 */
export function tuneEngine(): void {
  if (!process.argv[1]?.startsWith("/$bunfs/")) return; // Not compiled, or for another engine.
  if (NAMES.every((name) => process.env[name] === undefined)) {
    holdSignals();
    executeSelf(SETTINGS);
  } else {
    // The second start has named the process after the file, the first after the link to it, as one expects.
    setProcessName(process.argv0.slice(process.argv0.lastIndexOf("/") + 1));
  }
  // They are no job's business.
  for (const name of NAMES) delete process.env[name];
}
