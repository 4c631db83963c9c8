/** Threads that are nothing but a table of system calls: they have no stack and no part in the runtime. */

import { kernel, required } from "./kernel.ts";
import { ROW_SIZE, Word } from "./stub.ts";

/** What clone(2) is to share: memory, files, signal handlers: all there is. */
const CLONE_THREAD = 0x100 | 0x200 | 0x400 | 0x800 | 0x10000 | 0x40000;
const SIG_SETMASK = 2, SIGNAL_SET_SIZE = 8;

/**
 * Starts a thread that runs the table from this row on, which must never end: the process's end ends it. No signal is
 * handled in it. Throws SystemError when there can be no more threads.
 */
export function startThread(first: number): void {
  const memory = kernel();
  // The thread may still be reading its first row when this function has long returned.
  const table = memory.keep(4 * ROW_SIZE), all = memory.keep(8), old = memory.keep(8);
  const [block, clone, unblock, end] = [0, 1, 2, 3].map((row) => table + row * ROW_SIZE);
  memory.setWord(all, -1);
  // It inherits what is blocked here.
  memory.row(block!, "rt_sigprocmask", [SIG_SETMASK, all, old, SIGNAL_SET_SIZE]);
  memory.row(clone!, "clone", [CLONE_THREAD], { zero: first });
  memory.row(unblock!, "rt_sigprocmask", [SIG_SETMASK, old, 0, SIGNAL_SET_SIZE]);
  memory.endRow(end!);
  memory.run(block!);
  required("start a thread", memory.word(clone! + 8 * Word.result));
}
