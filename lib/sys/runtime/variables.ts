/** Environment variables that this executable's runtime, its allocator or the loader of programs obey. */

import process from "node:process";

/** By their names: whoever sets them has the runtime run, load or print what it should not. */
const NAMES = /^(?:BUN_|DENO_|JSC_|MIMALLOC_|LD_|GLIBC_TUNABLES$|NODE_(?:OPTIONS|PATH|CHANNEL_)|V8_)/;

/** True for a variable, by its name or as `KEY=VALUE`, that a child which is this very executable must not be given. */
export function isEngineVariable(variable: string): boolean {
  return NAMES.test(variable);
}

/** Those that make this executable another program: no job has a use for them. Others of that kind are removed from it (elf.ts). */
export const TAKEOVER_VARIABLES: readonly string[] = ["BUN_BE_BUN"];

/** Has a child that is this executable be the runtime itself, with its own command line. */
export const AS_RUNTIME = { BUN_BE_BUN: "1" } as const;

/**
 * Flags of the runtime, as variables (`KEY=VALUE`), for a process that is to do with one thread. Without them it starts
 * others when it finds a use for them, and ends the process where there can be no more.
 */
export const SINGLE_THREAD_FLAGS: readonly string[] = [
  "BUN_JSC_useConcurrentJIT=0",
  "BUN_JSC_useConcurrentGC=0",
  "BUN_JSC_numberOfGCMarkers=1",
  "BUN_JSC_useWarmUpMarkedBlocks=0",
  "MIMALLOC_SCAVENGER=0",
];

/** The flags of init, as variables. Init lives long and does little at a time. */
export const INIT_FLAGS: readonly string[] = [
  // The optimizing compiler takes long for the code of bursts that are over when it is compiled.
  "BUN_JSC_useDFGJIT=0",
  // The garbage collector's timer wakes a process that has nothing to do. Init collects garbage itself when it is idle.
  "BUN_GC_TIMER_DISABLE=1",
  // From 32 MB on a heap counts as large and is collected later: thousands of jobs are loaded before that.
  "BUN_JSC_largeHeapSize=33554432",
  // Init must live where there can be no more processes, as when a job makes them without end.
  ...SINGLE_THREAD_FLAGS,
];

/** Removes flags from the environment: the runtime has read them at its start, and no child is to have them. */
export function removeFlags(flags: readonly string[]): void {
  for (const flag of flags) delete process.env[nameOf(flag)];
}

/** The flags whose variable is not in the environment. */
export function missingFlags(flags: readonly string[]): string[] {
  return flags.filter((flag) => process.env[nameOf(flag)] === undefined);
}

function nameOf(flag: string): string {
  return flag.slice(0, flag.indexOf("="));
}
