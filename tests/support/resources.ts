/** What a process has of the kernel's resources, over time. */

import { numbersIn, procFile } from "./processes.ts";

/** A look at a process, after so much of something. */
export interface Sample {
  after: number;
  /** Its private memory, without pages of files, in MB. */
  memory: number;
  descriptors: number;
}

/** Looks at a process. */
export function sample(pid: number, after: number): Sample {
  const memory = Number(/^RssAnon:\s+(\d+) kB/m.exec(procFile(pid, "status"))?.[1]) / 1024;
  return { after, memory, descriptors: numbersIn(`/proc/${pid}/fd`).length };
}

/** The slope of a line through the samples with the least squares: so much of a figure per unit of `after`. */
export function slope(samples: readonly Sample[], figure: "memory" | "descriptors"): number {
  const mean = (values: number[]) => values.reduce((sum, one) => sum + one, 0) / values.length;
  const x = samples.map(({ after }) => after), y = samples.map((one) => one[figure]);
  const middle = mean(x), height = mean(y);
  const spread = x.reduce((sum, one) => sum + (one - middle) ** 2, 0);
  return spread === 0
    ? 0
    : x.reduce((sum, one, index) => sum + (one - middle) * (y[index]! - height), 0) / spread;
}
