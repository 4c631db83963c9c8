/** The reader of control groups of version 2 (cgroups(7)): where their tree is mounted, and which group a process is in. */

import { readFileSync } from "node:fs";
import { mounts } from "./mounts.ts";
import { ifAllowed } from "../call/refused.ts";

/** A mounted tree of control groups. */
export interface CgroupTree {
  /** The mount point. */
  point: string;
  /** The group that is mounted there; `/` for the whole tree. */
  top: string;
}

/** The mounted tree; undefined where there is none. */
export function cgroupTree(): CgroupTree | undefined {
  const mount = mounts().find(({ type }) => type === "cgroup2");
  return mount && { point: mount.point, top: mount.top };
}

/** The group that a process is in, such as `/upstart/web`; undefined when there is no such process, or no tree. */
export function cgroupOf(pid: number | "self"): string | undefined {
  const text = ifAllowed(() => readFileSync(`/proc/${pid}/cgroup`, "utf8"));
  return /^0::(.*)$/m.exec(text ?? "")?.[1];
}

/** True when a group is another one, or below it. `/ab` is not below `/a`. */
export function isWithinCgroup(group: string, outer: string): boolean {
  const parts = partsOf(group);
  return partsOf(outer).every((part, index) => part === parts[index]);
}

/**
 * The directory of a group. A path that does not begin with the tree's top is taken as one below it, as where the tree
 * was mounted from another namespace.
 */
export function cgroupDirectory({ point, top }: CgroupTree, group: string): string {
  const parts = partsOf(group);
  const below = isWithinCgroup(group, top) ? parts.slice(partsOf(top).length) : parts;
  return [point.replace(/\/+$/, ""), ...below].join("/");
}

function partsOf(group: string): string[] {
  return group.split("/").filter((part) => part !== "");
}
