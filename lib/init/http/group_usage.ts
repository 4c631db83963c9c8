/** What jobs with a control group of their own use, by the kernel's own account (cgroups(7), version 2). */

import * as fs from "node:fs";
import { mounts } from "../../sys/mounts.ts";
import type { Usage } from "./usage.ts";

/** Where the tree of control groups is mounted, and the group that is its top there. */
interface Tree {
  point: string;
  top: string;
}

/**
 * The usage of the control group that a process is in, unless that is init's. What the kernel does not count there
 * (memory, where that controller is not in use) is absent. Undefined without such a group.
 */
export function groupUsage(pid: number): Partial<Usage> | undefined {
  const group = groupOf(String(pid));
  const own = groupOf("self");
  if (group === undefined || own === undefined || own === group || own.startsWith(`${group}/`)) {
    return undefined;
  }
  const tree = findTree();
  if (!tree) return undefined;
  const directory = tree.point + (group.startsWith(`${tree.top}/`) ? group.slice(tree.top.length) : group);
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

/** The group of a process, e.g. `/upstart/web`. */
function groupOf(pid: string): string | undefined {
  return /^0::(.*)$/m.exec(contents(`/proc/${pid}/cgroup`) ?? "")?.[1];
}

function findTree(): Tree | undefined {
  const mount = mounts().find(({ type }) => type === "cgroup2");
  return mount && { point: mount.point, top: mount.top === "/" ? "" : mount.top };
}

function contents(path: string): string | undefined {
  try {
    return fs.readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}
