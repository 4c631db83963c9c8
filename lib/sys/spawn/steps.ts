/** The steps of starting a child, as system calls. */

import type { IoPriority } from "../../model/fields.ts";
import type { Limit, Resource } from "../../model/job.ts";
import { SIGSTOP } from "../../model/signals.ts";
import type { ChildTable } from "./child_table.ts";
import type { Capabilities, SpawnDescription, SpawnStep } from "./description.ts";
import { O_APPEND, O_CLOEXEC, O_CREAT, O_NOCTTY, O_NOFOLLOW, O_WRONLY } from "../io/descriptors.ts";
import { EINVAL, ENOSYS, ENOTTY, EPERM } from "../call/errno.ts";
import { addConfinement, addKillOnHangup, addParentDeathSignal } from "./confinement.ts";

/** A step: the property of the description that asks for it, and the rows that it adds. */
interface Step<Property extends keyof SpawnDescription> {
  step: SpawnStep;
  property: Property;
  /** The object of the step, to be put behind its name. */
  subject?(value: NonNullable<SpawnDescription[Property]>): string;
  add(table: ChildTable, value: NonNullable<SpawnDescription[Property]>): void;
}

type AnyStep = { [Property in keyof SpawnDescription]-?: Step<Property> }[keyof SpawnDescription];

const AT_FDCWD = -100;

/** The steps in their order, without the first and the last. */
const PLAN: AnyStep[] = [
  {
    step: "wait for its number",
    property: "gate",
    add(table, { reader, writer }) {
      table.add("close", [writer]);
      table.add("read", [reader, table.words([0]), 1]);
    },
  },
  { step: "create session", property: "newSession", add: (table) => table.add("setsid", []) },
  {
    step: "join control group",
    property: "cgroups",
    subject: (paths) => ` ${paths.join(", ").replaceAll("/cgroup.procs", "")}`,
    add: (table, paths) => paths.forEach((path) => table.writeFile(path, "0")),
  },
  {
    step: "set oom adjustment",
    property: "oomScore",
    subject: (score) => ` to ${score}`,
    add: (table, score) => table.writeFile("/proc/self/oom_score_adj", String(score)),
  },
  {
    step: "switch security profile",
    property: "apparmorSwitch",
    subject: (profile) => ` to ${profile}`,
    add: (table, profile) => table.writeFile("/proc/self/attr/exec", `exec ${profile}`),
  },
  {
    step: "place descriptors",
    property: "descriptors",
    add(table, descriptors) {
      const targets = Object.keys(descriptors).map(Number);
      placeDescriptors(table, descriptors, targets);
      closeOthers(table, targets);
    },
  },
  { step: "tie to its parent", property: "confinementPipe", add: addKillOnHangup },
  {
    step: "set controlling terminal",
    property: "controllingTerminal",
    add(table) {
      const TIOCSCTTY = 0x540e, evenIfAnotherSessionHasIt = 1;
      table.add("ioctl", [0, TIOCSCTTY, evenIfAnotherSessionHasIt]);
    },
  },
  { step: "take the terminal", property: "foreground", add: takeTerminal },
  {
    step: "set priority",
    property: "nice",
    subject: (nice) => ` to ${nice}`,
    add(table, nice) {
      const PRIO_PROCESS = 0;
      table.add("setpriority", [PRIO_PROCESS, 0, nice]);
    },
  },
  {
    step: "set I/O priority",
    property: "ioPriority",
    subject: (priority) => ` to ${priority}`,
    add(table, priority) {
      const IOPRIO_WHO_PROCESS = 1;
      table.add("ioprio_set", [IOPRIO_WHO_PROCESS, 0, ioPriorityNumber(priority)]);
    },
  },
  {
    step: "set scheduler",
    property: "scheduler",
    add(table, { policy, priority }) {
      const parameters = table.words([priority]);
      if (policy === undefined) table.add("sched_setparam", [0, parameters]);
      else table.add("sched_setscheduler", [0, policy, parameters]);
    },
  },
  {
    step: "set resource limit",
    property: "limit",
    add(table, limits) {
      for (const [resource, limit] of Object.entries(limits)) {
        table.step = `set "${resource as Resource}" resource limit`;
        setLimit(table, resource as Resource, limit);
      }
    },
  },
  { step: "set umask", property: "umask", add: (table, mask) => table.add("umask", [mask]) },
  {
    step: "change root directory",
    property: "chroot",
    subject: (path) => ` to ${path}`,
    add: (table, path) => table.add("chroot", [path]),
  },
  {
    step: "change working directory",
    property: "chdir",
    subject: (path) => ` to ${path}`,
    add: (table, path) => table.add("chdir", [path]),
  },
  {
    step: "initgroups",
    property: "groups",
    subject: (groups) => ` ${groups.join(", ")}`,
    add: (table, groups) =>
      table.add("setgroups", [groups.length, new Uint8Array(Uint32Array.from(groups).buffer)]),
  },
  {
    step: "setgid",
    property: "gid",
    subject: (gid) => ` ${gid}`,
    add: (table, gid) => table.add("setgid", [gid]),
  },
  {
    step: "set securebits",
    property: "securebits",
    subject: (bits) => ` 0x${bits.toString(16)}`,
    add: (table, bits) => table.add("prctl", [PR_SET_SECUREBITS, bits]),
  },
  { step: "keep capabilities", property: "capabilities", add: keepCapabilities },
  {
    step: "setuid",
    property: "uid",
    subject: (uid) => ` ${uid}`,
    add: (table, uid) => table.add("setuid", [uid]),
  },
  { step: "set capabilities", property: "capabilities", add: setCapabilities },
  {
    step: "forbid new privileges",
    property: "noNewPrivileges",
    add: (table) => table.add("prctl", [PR_SET_NO_NEW_PRIVS, 1]),
  },
  {
    step: "open its output",
    property: "appended",
    add(table, files) {
      for (const [target, { path, mode, noLink = false }] of Object.entries(files)) {
        const flags = O_WRONLY | O_CREAT | O_APPEND | O_NOCTTY | O_CLOEXEC | (noLink ? O_NOFOLLOW : 0);
        table.add("openat", [AT_FDCWD, path, flags, mode], { into: table.argument(1, 0) });
        table.add("dup3", [0, Number(target), 0]);
      }
    },
  },
  { step: "tie to its parent", property: "diesWithParent", add: addParentDeathSignal },
  { step: "confine to its process group", property: "confinementPipe", add: addConfinement },
  {
    step: "stop",
    property: "stopped",
    add(table) {
      table.add("getpid", [], { into: table.argument(1, 0) });
      table.add("kill", [0, SIGSTOP]);
    },
  },
];

/**
 * Adds the rows of all steps that a description asks for, without the first and the last.
 * @param done What the child is made with, which needs no step
 */
export function addSteps(
  table: ChildTable,
  description: SpawnDescription,
  done?: keyof SpawnDescription,
): void {
  for (const { step, property, add } of PLAN) {
    const value = description[property];
    if (value === undefined || value === false || property === done) continue;
    table.step = step;
    add(table, value as never);
  }
}

/** The object of a step, to be put behind its name. */
export function subjectOf(step: SpawnStep, { limit = {}, ...description }: SpawnDescription): string {
  for (const [resource, { soft, hard }] of Object.entries(limit)) {
    if (step === `set "${resource}" resource limit`) return ` to soft ${soft}, hard ${hard}`;
  }
  const { property, subject } = PLAN.find((row) => row.step === step) ?? {};
  const value = property && { limit, ...description }[property];
  return value === undefined ? "" : subject?.(value as never) ?? "";
}

function takeTerminal(table: ChildTable): void {
  const TIOCSPGRP = 0x5410, SIGTTOU = 22;
  const ignored = table.words([1, 0, 0, 0]), byDefault = table.words([0, 0, 0, 0]), group = table.words([0]);
  table.add("setpgid", [0, 0]);
  table.add("getpid", [], { into: group });
  // The kernel would stop a background process that takes the terminal.
  table.add("rt_sigaction", [SIGTTOU, ignored, 0, 8]);
  // The terminal of another session can be used all the same, without job control.
  table.add("ioctl", [0, TIOCSPGRP, group], { tolerated: NO_JOB_CONTROL });
  table.add("rt_sigaction", [SIGTTOU, byDefault, 0, 8]);
}

const NO_JOB_CONTROL = [ENOTTY, EPERM];

/** Adds rows that give the child its descriptors. Sources that others would overwrite are moved first. */
function placeDescriptors(
  table: ChildTable,
  sources: Readonly<Record<number, number>>,
  targets: readonly number[],
): void {
  const F_DUPFD_CLOEXEC = 1030, F_SETFD = 2;
  const free = Math.max(-1, ...targets) + 1;
  const endangered = targets.filter((target) => sources[target] !== target && sources[target]! in sources);
  for (const target of endangered) {
    // The rows of the other endangered ones follow, and then the rows that copy them, in the same order.
    const into = table.argument(endangered.length, 0);
    table.add("fcntl", [sources[target]!, F_DUPFD_CLOEXEC, free], { into });
  }
  for (const target of endangered) table.add("dup3", [0, target, 0]);
  for (const target of targets) {
    const source = sources[target]!;
    if (source === target) table.add("fcntl", [source, F_SETFD, 0]);
    else if (!endangered.includes(target)) table.add("dup3", [source, target, 0]);
  }
}

const PR_SET_KEEPCAPS = 8, PR_CAPBSET_DROP = 24, PR_SET_SECUREBITS = 28, PR_SET_NO_NEW_PRIVS = 38;

/** Adds rows that keep what is permitted through setuid(2), and forbid what no program is to get. */
function keepCapabilities(table: ChildTable, { forbidden }: Capabilities): void {
  for (const capability of forbidden) table.add("prctl", [PR_CAPBSET_DROP, capability]);
  table.add("prctl", [PR_SET_KEEPCAPS, 1]);
}

/** Adds rows that set what the program gets. */
function setCapabilities(table: ChildTable, { inheritable, ambient, permitted }: Capabilities): void {
  const VERSION = 0x20080522, PR_CAP_AMBIENT = 47, PR_CAP_AMBIENT_RAISE = 2, PR_CAP_AMBIENT_CLEAR_ALL = 4;
  const own = bitsOf(permitted), passed = bitsOf(inheritable);
  // Two structures: the lower 32 bits of each set, and the upper ones.
  const sets = [0, 1].flatMap((half) => [own[half]!, own[half]!, passed[half]!]);
  table.add("capset", [
    new Uint8Array(Uint32Array.of(VERSION, 0).buffer),
    new Uint8Array(Uint32Array.from(sets).buffer),
  ]);
  table.add("prctl", [PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL]);
  for (const capability of ambient) table.add("prctl", [PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, capability]);
}

/** A set of numbers below 64 as the bits of two words of 32. */
function bitsOf(numbers: readonly number[]): [low: number, high: number] {
  const bits = numbers.reduce((sum, number) => sum | 1n << BigInt(number), 0n);
  return [Number(bits & 0xffffffffn), Number(bits >> 32n)];
}

/** Errors of kernels before 5.11, which have no CLOSE_RANGE_CLOEXEC. There only close-on-exec descriptors are closed. */
const TOO_OLD = [ENOSYS, EINVAL];

/** Adds rows that make all descriptors but these, which are sorted, close-on-exec. */
function closeOthers(table: ChildTable, targets: readonly number[]): void {
  const CLOSE_RANGE_CLOEXEC = 4, last = 2 ** 32 - 1;
  let first = 0;
  for (const target of [...targets, last + 1]) {
    if (target > first) {
      table.add("close_range", [first, target - 1, CLOSE_RANGE_CLOEXEC], { tolerated: TOO_OLD });
    }
    first = target + 1;
  }
}

/** The numbers of setrlimit(2)'s resources. */
const RESOURCE_NUMBERS: Record<Resource, number> = {
  cpu: 0,
  fsize: 1,
  data: 2,
  stack: 3,
  core: 4,
  rss: 5,
  nproc: 6,
  nofile: 7,
  memlock: 8,
  as: 9,
  sigpending: 11,
  msgqueue: 12,
  nice: 13,
  rtprio: 14,
};

/** An I/O priority as ioprio_set(2) takes it: the class above 13 bits with the level, which means nothing to `idle`. */
function ioPriorityNumber(priority: IoPriority): number {
  const classes = { "realtime": 1, "best-effort": 2, "idle": 3 };
  const [name = "idle", level = "4"] = priority.split(" ");
  return classes[name as keyof typeof classes] << 13 | Number(level);
}

function setLimit(table: ChildTable, resource: Resource, { soft, hard }: Limit): void {
  const words = table.words([soft, hard].map((value) => value === "unlimited" ? -1 : value));
  table.add("prlimit64", [0, RESOURCE_NUMBERS[resource], words, 0]);
}
