/**
 * Control groups of jobs (init(5), `cgroup`), made straight in the kernel's version 2 tree (cgroups(7)): no manager
 * is asked. In that tree a process is in one group alone, so of several stanzas the last one's group is entered,
 * and the settings of all are made.
 */

import * as fs from "node:fs";
import type { Cgroup, JobDefinition } from "../model/job.ts";
import { environment as parseEnvironment } from "../model/environment.ts";
import { expand } from "../model/expand.ts";
import { mounts } from "../sys/mounts.ts";
import { errorReason } from "./configuration/files.ts";

/** How control groups are found. */
export interface ControlGroupsOptions {
  /** The group below which the jobs' groups are made. Absent: the one that init itself is in. */
  root?: string;
  /** False: the stanza is passed over (`--no-cgroups`). */
  enabled?: boolean;
  /** Told of what is ignored, for as often as it is. */
  warn(message: string): void;
}

/** Controllers of the first version, and what has become of them; the others have kept their names. */
const SUCCESSORS: Record<string, string> = { blkio: "io", cpuacct: "cpu" };

/** All controllers that either version of the kernel's control groups has. */
const CONTROLLERS = [
  ...["cpu", "cpuset", "io", "memory", "pids", "hugetlb", "rdma", "misc", "dmem", "perf_event"],
  ...["blkio", "cpuacct", "devices", "freezer", "net_cls", "net_prio"],
];

/** Settings of the first version that have a like under another name in the second. */
const SETTINGS: Record<string, string> = {
  "memory.limit_in_bytes": "memory.max",
  "memory.soft_limit_in_bytes": "memory.high",
};

/** The control groups that init has made. Nothing in here waits. */
export class ControlGroups {
  #root: string | undefined;
  /** Who uses each group that was made here: instances, as `JOB/INSTANCE`. */
  readonly #users = new Map<string, Set<string>>();
  /** Groups that nobody uses any more, but some process may still be in. */
  readonly #abandoned = new Set<string>();

  constructor(private readonly options: ControlGroupsOptions) {
    this.#root = options.root;
  }

  /**
   * Makes the groups of an instance, with their settings. Gives the files that its processes enter them by: none
   * where there is no tree to write to, which is warned of.
   *
   * @param environment `KEY=VALUE` strings, for variables in the groups' names.
   * @throws Error whose message reads on behind "Failed to spawn web main process: ".
   */
  prepare({ name, cgroups }: JobDefinition, instance: string, environment: readonly string[]): string[] {
    if (cgroups.length === 0 || this.options.enabled === false) return [];
    const root = this.#root ??= findRoot();
    if (root === undefined) {
      this.options.warn(
        "Ignoring cgroup stanzas: there is no control group tree of version 2 that can be written to",
      );
      return [];
    }
    const variables = parseEnvironment(environment);
    variables.set("UPSTART_CGROUP", ownGroup(name, instance));
    let entered = "";
    for (const stanza of cgroups) {
      entered = groupPath(expand(stanza.name ?? "$UPSTART_CGROUP", variables));
      this.#make(root, entered, `${name}/${instance}`);
      this.#set(root, entered, stanza);
    }
    return [`${root}/${entered}/cgroup.procs`];
  }

  /** An instance has come to its end: its groups go as soon as they are empty. */
  release(job: string, instance: string): void {
    for (const [group, users] of this.#users) {
      if (users.delete(`${job}/${instance}`) && users.size === 0) {
        this.#users.delete(group);
        this.#abandoned.add(group);
      }
    }
    this.tidy();
  }

  /** Removes the groups that nobody uses and no process is in. To be called when processes have ended. */
  tidy(): void {
    // Those within others first.
    for (const group of [...this.#abandoned].sort().reverse()) {
      try {
        fs.rmdirSync(group);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "ENOENT") continue;
      }
      this.#abandoned.delete(group);
    }
  }

  #make(root: string, path: string, user: string): void {
    let group = root;
    for (const part of path.split("/")) {
      group += `/${part}`;
      const isNew = attempt(`make control group ${path}`, () => makeDirectory(group));
      if (isNew || this.#abandoned.delete(group) || this.#users.has(group)) {
        this.#users.set(group, (this.#users.get(group) ?? new Set()).add(user));
      }
    }
  }

  #set(root: string, path: string, { controller: given, key, value = "" }: Cgroup): void {
    const controller = SUCCESSORS[given] ?? given;
    if (!CONTROLLERS.includes(given)) throw new Error(`unable to use control group controller ${given}`);
    if (!words(`${root}/cgroup.controllers`).includes(controller)) {
      const settings = key === undefined ? "" : `, nor its setting ${key}`;
      this.options.warn(`Ignoring control group controller ${given}${settings}: it is not available`);
      return;
    }
    attempt(`enable control group controller ${given}`, () => enable(root, path, controller));
    if (key === undefined) return;
    const plain = key.startsWith(`${given}.`) ? key.slice(given.length + 1) : key;
    const setting = SETTINGS[`${controller}.${plain}`] ?? `${controller}.${plain}`;
    attempt(`set ${setting} of control group ${path}`, () => write(`${root}/${path}/${setting}`, value));
  }
}

/** `$UPSTART_CGROUP`. */
function ownGroup(job: string, instance: string): string {
  const name = instance === "" ? job : `${job}-${instance}`;
  return `upstart/${name.replaceAll("/", "_")}`;
}

/** A group's path below the root, without what would lead out of it. */
function groupPath(name: string): string {
  const parts = name.split("/").filter((part) => part !== "" && part !== ".");
  if (parts.length > 0 && !parts.includes("..")) return parts.join("/");
  throw new Error(`unable to use control group name "${name}"`);
}

/** True when it was not there. */
function makeDirectory(path: string): boolean {
  try {
    fs.mkdirSync(path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}

/** Has all groups down to this one have a controller. */
function enable(root: string, path: string, controller: string): void {
  let group = root;
  for (const part of path.split("/")) {
    const file = `${group}/cgroup.subtree_control`;
    if (!words(file).includes(controller)) {
      try {
        write(file, `+${controller}`);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "EBUSY" || group !== root) throw error;
        // A group that hands out controllers has no processes of its own: they move one floor down.
        moveProcesses(root, `${root}/init`);
        write(file, `+${controller}`);
      }
    }
    group += `/${part}`;
  }
}

function moveProcesses(from: string, to: string): void {
  makeDirectory(to);
  for (const pid of words(`${from}/cgroup.procs`)) {
    try {
      write(`${to}/cgroup.procs`, pid);
    } catch {
      // It has ended, or is one of the kernel's own.
    }
  }
}

/** The group that init is in, when others can be made in it. */
function findRoot(): string | undefined {
  const mount = mounts().find(({ type }) => type === "cgroup2");
  const own = lines("/proc/self/cgroup").find((line) => line.startsWith("0::"))?.slice("0::".length);
  if (!mount || own === undefined) return undefined;
  const { top, point } = mount;
  const below = top !== "/" && own.startsWith(top) ? own.slice(top.length) : own;
  const root = `${point}${below}`.replace(/\/+$/, "");
  try {
    // To open it is the one sure way to know.
    write(`${root}/cgroup.procs`, "");
    return root;
  } catch {
    return undefined;
  }
}

/** Writes to a file that must be there. */
function write(path: string, text: string): void {
  const descriptor = fs.openSync(path, fs.constants.O_WRONLY);
  try {
    if (text !== "") fs.writeSync(descriptor, text);
  } finally {
    fs.closeSync(descriptor);
  }
}

function lines(path: string): string[] {
  try {
    return fs.readFileSync(path, "utf8").split("\n").filter((line) => line !== "");
  } catch {
    return [];
  }
}

function words(path: string): string[] {
  return lines(path).flatMap((line) => line.split(" "));
}

function attempt<Result>(what: string, action: () => Result): Result {
  try {
    return action();
  } catch (error) {
    throw new Error(`unable to ${what}: ${errorReason(error)}`);
  }
}
