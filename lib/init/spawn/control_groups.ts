/**
 * The control groups of jobs (init(5), `cgroup`), made directly in the kernel's version 2 tree (cgroups(7)), without a
 * manager. In that tree a process is in one group alone: of several stanzas the last one's group is entered, and the
 * settings of all are made.
 */

import * as fs from "node:fs";
import type { Cgroup, JobDefinition } from "../../model/job.ts";
import { environment as parseEnvironment } from "../../model/environment.ts";
import { expand } from "../../model/expand.ts";
import type { Part } from "../parts/part.ts";
import { errorReason } from "../../sys/call/errno.ts";
import { ifAllowed, unlessRefused } from "../../sys/call/refused.ts";
import { cgroupDirectory, cgroupOf, type CgroupTree, cgroupTree } from "../../sys/machine/cgroups.ts";

/** The options of {@link ControlGroups}. */
interface ControlGroupsOptions {
  /** The group in which the jobs' groups are made. Absent: the group of init. */
  root?: string;
  /** False: the stanza is ignored (`--no-cgroups`). */
  enabled?: boolean;
  /** Receives a warning each time that something is ignored. */
  warn(message: string): void;
}

/** The controllers of version 1 that have another name in version 2. */
const RENAMED_CONTROLLERS: Record<string, string> = { blkio: "io", cpuacct: "cpu" };

/** The controllers of both versions. */
const CONTROLLERS = [
  ...["cpu", "cpuset", "io", "memory", "pids", "hugetlb", "rdma", "misc", "dmem", "perf_event"],
  ...["blkio", "cpuacct", "devices", "freezer", "net_cls", "net_prio"],
];

/** The settings of version 1 that have another name in version 2. */
const RENAMED_SETTINGS: Record<string, string> = {
  "memory.limit_in_bytes": "memory.max",
  "memory.soft_limit_in_bytes": "memory.high",
};

const NO_TREE = "Ignoring cgroup stanzas: there is no control group tree of version 2 that can be written to";

/** What is saved of {@link ControlGroups}. */
export interface SavedControlGroups {
  root?: string;
  /** The instances that use each group. */
  users: Array<[group: string, instances: string[]]>;
  unused: string[];
}

/** The control groups that init has made. No method waits. */
export class ControlGroups implements Part<SavedControlGroups> {
  #root: string | undefined;
  /** The tree of {@link #root}. It is asked for whenever a process of a group ends, and the list of mounts may be long. */
  #tree: CgroupTree | undefined;
  /** The instances that use each group that was made here, as `JOB/INSTANCE`. */
  readonly #users = new Map<string, Set<string>>();
  /** Groups that no instance uses any more, but some process may still be in. */
  readonly #unused = new Set<string>();

  /** Called when a group was made, or removed: what was known of one of this directory before is over. */
  onChanged: (group: string) => void = () => {};

  constructor(private readonly options: ControlGroupsOptions) {
    this.#root = options.root;
  }

  /**
   * Makes the groups of an instance, with their settings.
   *
   * @param environment `KEY=VALUE` strings, for variables in the groups' names.
   * @returns The files by which its processes enter the groups. None, with a warning, where no tree can be written.
   * @throws {Error} when a group cannot be made or set up. The message follows "Failed to spawn web main process: ".
   */
  prepare(
    { name, cgroups, expect }: JobDefinition,
    instance: string,
    environment: readonly string[],
  ): string[] {
    // What an init script leaves behind can be told by its group alone: it may have a session and a title of its own.
    const isTracked = cgroups.length > 0 || expect === "script";
    if (!isTracked || this.options.enabled === false) return [];
    const root = this.#root ??= findRoot();
    if (root === undefined) {
      if (cgroups.length > 0) this.options.warn(NO_TREE);
      return [];
    }
    const variables = parseEnvironment(environment);
    variables.set("UPSTART_CGROUP", ownGroup(name, instance));
    const user = `${name}/${instance}`;
    let entered = ownGroup(name, instance);
    // Nobody has asked for this group, so a script does without where it cannot be had.
    if (cgroups.length === 0 && ifAllowed(() => this.#make(root, entered, user)) === undefined) return [];
    for (const stanza of cgroups) {
      entered = groupPath(expand(stanza.name ?? "$UPSTART_CGROUP", variables));
      explainErrors(`make control group ${entered}`, () => this.#make(root, entered, user));
      this.#set(root, entered, stanza);
    }
    return [`${root}/${entered}/cgroup.procs`];
  }

  /** Releases the groups of an instance that has ended. They are removed as soon as they are empty. */
  release(job: string, instance: string): void {
    for (const [group, users] of this.#users) {
      if (users.delete(`${job}/${instance}`) && users.size === 0) {
        this.#users.delete(group);
        this.#unused.add(group);
      }
    }
    this.removeUnused();
  }

  /** The processes in the groups that this instance alone uses, and in those that were made below them. */
  processesOf(job: string, instance: string): number[] {
    return this.groupsOf(job, instance).flatMap(processesIn);
  }

  /** Kills the processes in these groups at once, where the kernel can (Linux 5.14). */
  kill(job: string, instance: string): void {
    for (const group of this.groupsOf(job, instance)) {
      // Where it cannot, they are sent signals one by one.
      ifAllowed(() => write(`${group}/cgroup.kill`, "1"));
    }
  }

  /** The directories of the groups that this instance alone uses. */
  groupsOf(job: string, instance: string): string[] {
    const user = `${job}/${instance}`;
    return Array.from(this.#users).flatMap(([group, users]) =>
      users.size === 1 && users.has(user) && !this.#isAroundInit(group) ? group : []
    );
  }

  /** True for the group that init itself is in, or one around it: a job may have named the one that init has moved to. */
  #isAroundInit(group: string): boolean {
    const tree = this.#tree ??= cgroupTree(), own = cgroupOf("self");
    return tree !== undefined && own !== undefined &&
      `${cgroupDirectory(tree, own)}/`.startsWith(`${group}/`);
  }

  /** Removes the groups that no instance uses and no process is in. To be called when processes have exited. */
  removeUnused(): void {
    // Inner groups first.
    for (const group of [...this.#unused].sort().reverse()) {
      const isGone = unlessRefused(() => {
        fs.rmdirSync(group);
        return true;
      }, ({ code }) => code === "ENOENT");
      if (!isGone) continue;
      this.#unused.delete(group);
      this.onChanged(group);
    }
  }

  save(): SavedControlGroups {
    return {
      ...(this.#root !== undefined && { root: this.#root }),
      users: Array.from(this.#users, ([group, users]) => [group, [...users]]),
      unused: [...this.#unused],
    };
  }

  restore({ root, users, unused }: SavedControlGroups): void {
    this.#root = root ?? this.#root;
    for (const [group, instances] of users) this.#users.set(group, new Set(instances));
    for (const group of unused) this.#unused.add(group);
  }

  /** Makes a group, and those around it. Gives their directories. */
  #make(root: string, path: string, user: string): string[] {
    const parts = path.split("/");
    const groups = parts.map((_, index) => [root, ...parts.slice(0, index + 1)].join("/"));
    const made = makeDirectories(groups);
    for (const group of made) this.onChanged(group);
    for (const group of groups) {
      if (made.has(group) || this.#unused.delete(group) || this.#users.has(group)) {
        this.#users.set(group, (this.#users.get(group) ?? new Set()).add(user));
      }
    }
    return groups;
  }

  #set(root: string, path: string, { controller: given, key, value = "" }: Cgroup): void {
    const controller = RENAMED_CONTROLLERS[given] ?? given;
    if (!CONTROLLERS.includes(given)) throw new Error(`unable to use control group controller ${given}`);
    if (!words(`${root}/cgroup.controllers`).includes(controller)) {
      const settings = key === undefined ? "" : `, nor its setting ${key}`;
      this.options.warn(`Ignoring control group controller ${given}${settings}: it is not available`);
      return;
    }
    explainErrors(`enable control group controller ${given}`, () => enable(root, path, controller));
    if (key === undefined) return;
    const plain = key.startsWith(`${given}.`) ? key.slice(given.length + 1) : key;
    const setting = RENAMED_SETTINGS[`${controller}.${plain}`] ?? `${controller}.${plain}`;
    explainErrors(
      `set ${setting} of control group ${path}`,
      () => write(`${root}/${path}/${setting}`, value),
    );
  }
}

/** `$UPSTART_CGROUP`. */
function ownGroup(job: string, instance: string): string {
  const name = instance === "" ? job : `${job}-${instance}`;
  return `upstart/${name.replaceAll("/", "_")}`;
}

/**
 * The path of a group below the root.
 *
 * @throws {Error} when it would lead out of the root.
 */
function groupPath(name: string): string {
  const parts = name.split("/").filter((part) => part !== "" && part !== ".");
  if (parts.length > 0 && !parts.includes("..")) return parts.join("/");
  throw new Error(`unable to use control group name "${name}"`);
}

/** Makes directories, outer ones first. Returns those that did not exist. */
function makeDirectories(paths: readonly string[]): Set<string> {
  const made = new Set<string>();
  for (let left = MOST_TRIES;; left--) {
    const isDone = unlessRefused(() => {
      for (const path of paths) if (makeDirectory(path)) made.add(path);
      return true;
    }, (error) => {
      if (error.code === "ENOENT" && left > 0) return false;
      throw error;
    });
    if (isDone) return made;
  }
}

/** How often groups are made anew: another init in the same tree may remove an outer one, while it is empty, any time. */
const MOST_TRIES = 100;

/** Makes a directory. Returns false when it exists already. */
function makeDirectory(path: string): boolean {
  try {
    fs.mkdirSync(path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}

/** Enables a controller in all groups from the root down to this one. */
function enable(root: string, path: string, controller: string): void {
  let group = root;
  for (const part of path.split("/")) {
    const file = `${group}/cgroup.subtree_control`;
    if (!words(file).includes(controller)) {
      try {
        write(file, `+${controller}`);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "EBUSY" || group !== root) throw error;
        // A group that enables controllers for its children must not contain processes: they move to a child.
        moveProcesses(root, `${root}/init`);
        write(file, `+${controller}`);
      }
    }
    group += `/${part}`;
  }
}

/** The processes in a group and those below it; none when it is gone. */
function processesIn(group: string): number[] {
  const files = ifAllowed(() => fs.readdirSync(group, { withFileTypes: true })) ?? [];
  const names = files.flatMap((file) => file.isDirectory() ? file.name : []);
  const own = words(`${group}/cgroup.procs`).map(Number);
  return [...own, ...names.flatMap((name) => processesIn(`${group}/${name}`))];
}

function moveProcesses(from: string, to: string): void {
  makeDirectory(to);
  for (const pid of words(`${from}/cgroup.procs`)) {
    // It may have exited by now, or be a kernel thread.
    ifAllowed(() => write(`${to}/cgroup.procs`, pid));
  }
}

/** The directory of init's group, if groups can be made in it. */
function findRoot(): string | undefined {
  const tree = cgroupTree(), own = cgroupOf("self");
  if (!tree || own === undefined) return undefined;
  const root = cgroupDirectory(tree, own);
  return ifAllowed(() => {
    // Only an attempt to open it shows whether it can be written.
    write(`${root}/cgroup.procs`, "");
    return root;
  });
}

/** Writes to an existing file. */
function write(path: string, text: string): void {
  const descriptor = fs.openSync(path, fs.constants.O_WRONLY);
  try {
    if (text !== "") fs.writeSync(descriptor, text);
  } finally {
    fs.closeSync(descriptor);
  }
}

/** The words of a file; none when it cannot be read. */
function words(path: string): string[] {
  const text = ifAllowed(() => fs.readFileSync(path, "utf8")) ?? "";
  return text.split(/[ \n]+/).filter((word) => word !== "");
}

/** Does something. If it fails, the error says what could not be done, and why. */
function explainErrors<Result>(what: string, action: () => Result): Result {
  return unlessRefused(action, (error) => {
    throw new Error(`unable to ${what}: ${errorReason(error)}`);
  });
}
