/** What processes have used, as proc(5) tells. */

import { readdirSync } from "node:fs";
import { procFile } from "../../tests/support/processes.ts";

/** Of the kernel's clock, everywhere. */
const TICKS_A_SECOND = 100;

/** The processor time that processes have used so far, in ms. */
export function processorTime(pids: number[]): number {
  return pids.reduce((sum, pid) => {
    const fields = procFile(pid, "stat").split(") ").at(-1)!.split(" ");
    return sum + (Number(fields[11] ?? 0) + Number(fields[12] ?? 0)) * 1000 / TICKS_A_SECOND;
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
