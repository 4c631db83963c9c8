/** What processes have used, as proc(5) tells. */

import { readdirSync } from "node:fs";
import { procFile } from "../../tests/support/processes.ts";

/**
 * The processor time that processes have used so far, in ms: what their threads have, in ns. The sum that stat
 * has for a process is in hundredths of a second, too coarse for hundreds that use a few ms each.
 */
export function processorTime(pids: number[]): number {
  return pids.reduce((sum, pid) => {
    const threads = readdirSync(`/proc/${pid}/task`);
    const used = threads.map((thread) => Number(procFile(pid, `task/${thread}/schedstat`).split(" ")[0]));
    return sum + used.reduce((all, one) => all + one, 0) / 1e6;
  }, 0);
}

/**
 * The memory of processes in kB: what they alone have written, and their share of all that they use. Pages of a file,
 * such as the program, are not in the former: the kernel can drop them.
 */
export function memory(pids: number[]): { private: number; pss: number } {
  const total = { private: 0, pss: 0 };
  for (const pid of pids) {
    for (const [, name, size] of procFile(pid, "smaps_rollup").matchAll(/^(\w+):\s+(\d+) kB$/gm)) {
      if (name === "Pss") total.pss += Number(size);
      if (name === "Private_Dirty") total.private += Number(size);
    }
  }
  return total;
}

/** How often each thread of some processes has been taken off a processor, by itself or by the kernel. */
export function contextSwitches(pids: number[]): Map<string, number> {
  return new Map(pids.flatMap((pid) =>
    readdirSync(`/proc/${pid}/task`).map((thread): [string, number] => {
      const status = procFile(pid, `task/${thread}/status`);
      const counts = status.matchAll(/^(?:non)?voluntary_ctxt_switches:\s+(\d+)$/gm);
      return [thread, [...counts].reduce((sum, [, count]) => sum + Number(count), 0)];
    })
  ));
}
