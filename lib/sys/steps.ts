/** What each step of starting a child means in system calls. */

import type { Limit, Resource } from "../model/job.ts";
import { SIGSTOP } from "../model/signals.ts";
import type { ChildTable } from "./child_table.ts";
import type { SpawnDescription, SpawnStep } from "./description.ts";
import { EINVAL, ENOSYS, ENOTTY, EPERM } from "./errno.ts";

/** The steps but for the first and the last, in their order. Each adds its rows if the description asks for it. */
export const PLAN: [SpawnStep, (table: ChildTable, child: SpawnDescription) => void][] = [
  ["create session", (table, { newSession }) => newSession && table.add("setsid", [])],
  ["join control group", (table, { cgroups = [] }) => cgroups.forEach((path) => table.writeFile(path, "0"))],
  ["set oom adjustment", (table, { oomScore }) => {
    if (oomScore !== undefined) table.writeFile("/proc/self/oom_score_adj", String(oomScore));
  }],
  ["switch security profile", (table, { apparmorSwitch }) => {
    if (apparmorSwitch !== undefined) table.writeFile("/proc/self/attr/exec", `exec ${apparmorSwitch}`);
  }],
  ["place descriptors", (table, { descriptors }) => {
    placeDescriptors(table, descriptors);
    closeOthers(table, descriptors);
  }],
  ["set controlling terminal", (table, { controllingTerminal }) => {
    const TIOCSCTTY = 0x540e, evenIfAnotherSessionHasIt = 1;
    if (controllingTerminal) table.add("ioctl", [0, TIOCSCTTY, evenIfAnotherSessionHasIt]);
  }],
  ["take the terminal", (table, { foreground }) => {
    const TIOCSPGRP = 0x5410, SIGTTOU = 22;
    if (!foreground) return;
    const ignored = table.words([1, 0, 0, 0]),
      byDefault = table.words([0, 0, 0, 0]),
      group = table.words([0]);
    table.add("setpgid", [0, 0]);
    table.add("getpid", [], { into: group });
    // A process in the background that takes the terminal would be stopped.
    table.add("rt_sigaction", [SIGTTOU, ignored, 0, 8]);
    // Another session's terminal can be used all the same, and without job control.
    table.add("ioctl", [0, TIOCSPGRP, group], { tolerated: [ENOTTY, EPERM] });
    table.add("rt_sigaction", [SIGTTOU, byDefault, 0, 8]);
  }],
  ["set priority", (table, { nice }) => {
    const PRIO_PROCESS = 0;
    if (nice !== undefined) table.add("setpriority", [PRIO_PROCESS, 0, nice]);
  }],
  ["set resource limit", (table, { limit = {} }) => {
    for (const [resource, value] of Object.entries(limit)) {
      table.step = `set "${resource as Resource}" resource limit`;
      setLimit(table, resource as Resource, value);
    }
  }],
  ["set umask", (table, { umask }) => umask !== undefined && table.add("umask", [umask])],
  ["change root directory", (table, { chroot }) => chroot !== undefined && table.add("chroot", [chroot])],
  ["change working directory", (table, { chdir }) => chdir !== undefined && table.add("chdir", [chdir])],
  ["initgroups", (table, { groups }) => {
    if (groups) table.add("setgroups", [groups.length, new Uint8Array(Uint32Array.from(groups).buffer)]);
  }],
  ["setgid", (table, { gid }) => gid !== undefined && table.add("setgid", [gid])],
  ["setuid", (table, { uid }) => uid !== undefined && table.add("setuid", [uid])],
  ["set no new privileges", (table, { noNewPrivileges }) => {
    const PR_SET_NO_NEW_PRIVS = 38;
    if (noNewPrivileges) table.add("prctl", [PR_SET_NO_NEW_PRIVS, 1]);
  }],
  ["stop", (table, { stopped }) => {
    if (!stopped) return;
    table.add("getpid", [], { into: table.argument(1, 0) });
    table.add("kill", [0, SIGSTOP]);
  }],
];

/** Gives the child its descriptors. Sources that others would overwrite are moved out of the way first. */
function placeDescriptors(table: ChildTable, descriptors: Record<number, number>): void {
  const F_DUPFD_CLOEXEC = 1030, F_SETFD = 2;
  const entries = Object.entries(descriptors).map(([target, source]) => ({ target: Number(target), source }));
  const free = Math.max(-1, ...entries.map(({ target }) => target)) + 1;
  const endangered = entries.filter(({ target, source }) => source !== target && source in descriptors);
  const settled = entries.filter((entry) => !endangered.includes(entry));
  for (const { source } of endangered) {
    // Behind this row come those for the remaining endangered ones, then their copies, in the same order.
    table.add("fcntl", [source, F_DUPFD_CLOEXEC, free], { into: table.argument(endangered.length, 0) });
  }
  for (const { target } of endangered) table.add("dup3", [0, target, 0]);
  for (const { target, source } of settled) {
    if (source === target) table.add("fcntl", [source, F_SETFD, 0]);
    else table.add("dup3", [source, target, 0]);
  }
}

/** Closes all other descriptors at exec. Kernels before 5.11 cannot: what is open close-on-exec anyway is closed there too. */
function closeOthers(table: ChildTable, descriptors: Record<number, number>): void {
  const CLOSE_RANGE_CLOEXEC = 4, last = 2 ** 32 - 1;
  let first = 0;
  for (
    const target of [...Object.keys(descriptors).map(Number), last + 1].sort((one, other) => one - other)
  ) {
    const gap = [first, target - 1, CLOSE_RANGE_CLOEXEC];
    if (target > first) table.add("close_range", gap, { tolerated: [ENOSYS, EINVAL] });
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

function setLimit(table: ChildTable, resource: Resource, { soft, hard }: Limit): void {
  const [softWord, hardWord] = [soft, hard].map((value) => value === "unlimited" ? -1 : value);
  table.add("prlimit64", [0, RESOURCE_NUMBERS[resource], table.words([softWord!, hardWord!]), 0]);
}
