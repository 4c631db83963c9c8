/** The linter of resource limits: finds those that a job will not get. */

import type { JobDefinition, Limit } from "../model/job.ts";
import type { Diagnostic } from "../formats/diagnostic.ts";
import { type SourceLines, textOf } from "./source_lines.ts";

/** The kernel's words in /proc/self/limits, by the resource. */
const ROWS: Readonly<Record<string, string>> = {
  as: "Max address space",
  core: "Max core file size",
  cpu: "Max cpu time",
  data: "Max data size",
  fsize: "Max file size",
  memlock: "Max locked memory",
  msgqueue: "Max msgqueue size",
  nice: "Max nice priority",
  nofile: "Max open files",
  nproc: "Max processes",
  rss: "Max resident set",
  rtprio: "Max realtime priority",
  sigpending: "Max pending signals",
  stack: "Max stack size",
};

/** How wide the column of names is. */
const ROW_NAME = 25;

/** The bit of CAP_SYS_RESOURCE, which raises hard limits. */
const SYS_RESOURCE = 1n << 24n;

/** Finds limits that cannot be set, or cannot be set from here. */
export async function lintLimits(job: JobDefinition, lines: SourceLines): Promise<Diagnostic[]> {
  const found: Diagnostic[] = [];
  for (const [name, wanted] of Object.entries(job.limit)) {
    const problem = problemOf(name, wanted);
    if (problem === undefined) continue;
    found.push(await lines.diagnostic(job.source, `limit.${name}`, job.name, `limit ${name}: ${problem}`));
  }
  return found;
}

function problemOf(name: string, { soft, hard }: Limit): string | undefined {
  if (number(soft) > number(hard)) {
    return `the soft limit ${soft} is above the hard one, ${hard}, so the job fails to start`;
  }
  const most = name === "nofile" ? Number.parseInt(textOf("/proc/sys/fs/nr_open"), 10) : NaN;
  if (number(hard) > most) {
    return `${hard} is above ${most}, the most that the kernel gives (fs.nr_open), so the job fails to start`;
  }
  const here = hardLimit(name);
  if (here === undefined || number(hard) <= here || mayRaise()) return undefined;
  return `${hard} is above the hard limit here, ${here}; where init may not raise it (CAP_SYS_RESOURCE), ` +
    "the job fails to start";
}

function number(value: Limit["soft"]): number {
  return value === "unlimited" ? Infinity : value;
}

/** The hard limit that this process has; undefined where the kernel does not say. */
function hardLimit(name: string): number | undefined {
  const row = textOf("/proc/self/limits").split("\n").find((line) => line.startsWith(ROWS[name] ?? "\n"));
  const [, hard] = row?.slice(ROW_NAME).trim().split(/\s+/) ?? [];
  return hard === undefined ? undefined : hard === "unlimited" ? Infinity : Number(hard);
}

function mayRaise(): boolean {
  const [, bits] = /^CapEff:\s*([0-9a-f]+)$/m.exec(textOf("/proc/self/status")) ?? [];
  return bits !== undefined && (BigInt(`0x${bits}`) & SYS_RESOURCE) !== 0n;
}
