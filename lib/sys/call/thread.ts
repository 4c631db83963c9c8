/** Threads that run a table of system calls and nothing else: they have no stack, and the runtime does not know them. */

import { CloneTable } from "./clone_table.ts";
import { kernel } from "./kernel.ts";

/** The flags of clone(2) for a thread: it shares all with this process. And its number is written to memory. */
const CLONE_THREAD = 0x100 | 0x200 | 0x400 | 0x800 | 0x10000 | 0x40000 | 0x100000;

/**
 * A function that starts a thread, which runs the table from a row on. The table must never end; the thread ends with the
 * process. Signals are blocked in it. The function gives false when no thread can be made, and may be called again then.
 * @param first The address of the row
 */
export function threadOf(first: number): () => boolean {
  const memory = kernel(), tid = memory.keep(8), table = new CloneTable(tid);
  return () => {
    memory.setWord(tid, 0);
    table.clone(CLONE_THREAD, first);
    return memory.word(tid) > 0;
  };
}
