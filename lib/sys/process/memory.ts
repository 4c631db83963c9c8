/** The memory of this process: its size, and giving some back to the kernel. */

import { readFileSync } from "node:fs";
import { call, kernel } from "../call/kernel.ts";
import { pageSize } from "./procfs.ts";
import { ifAllowed } from "../call/refused.ts";
import { isFault } from "../call/fault.ts";

/** The resident memory in bytes, pages of the program's file included; 0 where that is not known. */
export function residentMemory(): number {
  return usage().resident;
}

/** The private resident memory in bytes, without pages of files; 0 where that is not known. */
export function ownMemory(): number {
  const { resident, shared } = usage();
  return resident - shared;
}

/** The figures of proc_pid_statm(5) in bytes. */
function usage(): { resident: number; shared: number } {
  // Without /proc, or a free descriptor, they are 0.
  const text = ifAllowed(() => readFileSync("/proc/self/statm", "latin1")) ?? "0 0 0";
  const [, resident, shared] = text.split(" ").map(Number);
  return { resident: resident! * pageSize(), shared: shared! * pageSize() };
}

/** Collects garbage where the runtime offers that. Takes some ms. */
export function collectGarbage(): void {
  kernel().collect();
}

/**
 * Collects garbage and gives unused memory back to the kernel, as far as the runtime can. Blocks for some ms, now and
 * once more before the promise settles.
 */
export function releaseMemory(): Promise<void> {
  return kernel().release();
}

/**
 * The mappings of this program's files whose pages may go: code and constants, of which this process has no pages of its
 * own. Takes a millisecond, and leaves garbage. None where they cannot be found out.
 */
export function programMappings(): Mapping[] {
  try {
    return parseMappings(readFileSync("/proc/self/smaps", "latin1")).filter((
      { isFile, isWritable, isShared, ownBytes },
    ) => isFile && !isWritable && !isShared && ownBytes === 0);
  } catch (error) {
    if (isFault(error)) throw error;
    return []; // There is no /proc, or it is of an unknown form.
  }
}

/**
 * Takes the resident pages of such mappings from memory (madvise(2), MADV_DONTNEED). Pages that are used again come back
 * from the kernel's cache.
 */
export function releasePages(mappings: readonly Mapping[]): void {
  const MADV_DONTNEED = 4;
  for (const { start, end } of mappings) call("madvise", start, end - start, MADV_DONTNEED);
}

/** A mapping of a process's address space (proc_pid_smaps(5)). */
interface Mapping {
  start: number;
  /** The first address after it. */
  end: number;
  isFile: boolean;
  isWritable: boolean;
  isShared: boolean;
  /** The size of its private pages, in bytes. */
  ownBytes: number;
}

const HEAD = /^([0-9a-f]+)-([0-9a-f]+) [r-]([w-])[x-]([ps]) [0-9a-f]+ [0-9a-f]+:[0-9a-f]+ (\d+)(?: |$)/m;

/**
 * The mappings in the text of /proc/PID/smaps.
 * @throws {Error} for a text that is not of that form.
 */
export function parseMappings(smaps: string): Mapping[] {
  return smaps.split(/^(?=[0-9a-f]+-)/m).map((text) => {
    const head = HEAD.exec(text), own = /^Anonymous: +(\d+) kB$/m.exec(text);
    if (!head || !own) throw new Error(`not a mapping: ${text.slice(0, 100)}`);
    const [, start, end, write, sharing, inode] = head;
    return {
      start: parseInt(start!, 16),
      end: parseInt(end!, 16),
      isFile: inode !== "0",
      isWritable: write === "w",
      isShared: sharing === "s",
      ownBytes: Number(own[1]) * 1024,
    };
  });
}
