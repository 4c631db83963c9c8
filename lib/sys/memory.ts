/** This process's own memory. */

import { readFileSync } from "node:fs";
import { call, kernel } from "./kernel.ts";
import { pageSize } from "./procfs.ts";

/** How much of this process is in memory, in bytes, its program's file included. 0 where that is not known. */
export function residentMemory(): number {
  return usage().resident;
}

/** How much of that is this process's own, in bytes: neither of files nor shared. 0 where that is not known. */
export function ownMemory(): number {
  const { resident, shared } = usage();
  return resident - shared;
}

/** What proc_pid_statm(5) tells, in bytes. */
function usage(): { resident: number; shared: number } {
  try {
    const [, resident, shared] = readFileSync("/proc/self/statm", "latin1").split(" ").map(Number);
    return { resident: resident! * pageSize(), shared: shared! * pageSize() };
  } catch {
    return { resident: 0, shared: 0 }; // No /proc, or no descriptor to be had.
  }
}

/** Collects garbage, as far as the runtime can. It takes some ms. */
export function collectGarbage(): void {
  kernel().collect();
}

/**
 * Collects garbage and gives what is not used back to the kernel, as far as the runtime can. It takes some ms, now and
 * once more before the promise settles.
 */
export function releaseMemory(): Promise<void> {
  return kernel().release();
}

/**
 * Lets go of the pages of this program's files, code and constants: those that are used come back from the kernel's
 * cache. It takes a millisecond, and is not done where it cannot be told which pages those are.
 */
export function releaseProgram(): void {
  const MADV_DONTNEED = 4;
  let mappings: Mapping[];
  try {
    mappings = parseMappings(readFileSync("/proc/self/smaps", "latin1"));
  } catch {
    return; // No /proc, or that of another kind of kernel.
  }
  for (const { start, end, isFile, isWritable, isShared, ownBytes } of mappings) {
    if (isFile && !isWritable && !isShared && ownBytes === 0) {
      call("madvise", start, end - start, MADV_DONTNEED);
    }
  }
}

/** A piece of a process's address space (proc(5), smaps). */
export interface Mapping {
  start: number;
  /** The first address behind it. */
  end: number;
  isFile: boolean;
  isWritable: boolean;
  isShared: boolean;
  /** Bytes that are the process's own: neither in the file nor nothing but zeros. */
  ownBytes: number;
}

const HEAD = /^([0-9a-f]+)-([0-9a-f]+) [r-]([w-])[x-]([ps]) [0-9a-f]+ [0-9a-f]+:[0-9a-f]+ (\d+)(?: |$)/m;

/** The mappings that smaps tells of. Throws Error for a text that is not of that form. */
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
