/** The resource usage of control groups, as the kernel counts it (cgroups(7), version 2). */

import * as fs from "node:fs";
import { cgroupDirectory, cgroupOf, cgroupTree, isWithinCgroup } from "../../sys/machine/cgroups.ts";
import type { ResourceUsage } from "./process_usage.ts";
import { ifAllowed } from "../../sys/call/refused.ts";

/**
 * The usage of the control group that a process is in. What the kernel does not count there (memory, without that
 * controller) is absent.
 *
 * @returns Undefined when the process is in init's own group or one around it.
 */
export function cgroupUsage(pid: number): Partial<ResourceUsage> | undefined {
  const group = cgroupOf(pid);
  const own = cgroupOf("self");
  if (group === undefined || own === undefined || isWithinCgroup(own, group)) return undefined;
  const tree = cgroupTree();
  if (!tree) return undefined;
  const directory = cgroupDirectory(tree, group);
  const processes = contents(`${directory}/cgroup.procs`);
  if (processes === undefined) return undefined;
  const cpu = /^usage_usec (\d+)$/m.exec(contents(`${directory}/cpu.stat`) ?? "")?.[1];
  const memory = contents(`${directory}/memory.current`);
  return {
    processes: processes.split("\n").length - 1,
    ...(cpu !== undefined && { cpuTime: Number(cpu) / 1e6 }),
    ...(memory !== undefined && { residentMemory: Number(memory) }),
  };
}

function contents(path: string): string | undefined {
  return ifAllowed(() => fs.readFileSync(path, "utf8"));
}
