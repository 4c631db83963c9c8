/** What this machine or container lets a process do, gathered for the doctor. */

import { accessSync, constants, readFileSync, statSync } from "node:fs";
import process from "node:process";
import { errorReason } from "../../sys/call/errno.ts";
import { ifAllowed, unlessRefused } from "../../sys/call/refused.ts";
import { cgroupDirectory, cgroupOf, cgroupTree } from "../../sys/machine/cgroups.ts";
import { probePty, type ProbeResult, probeSubreaper, refusedCalls } from "../../sys/machine/probes.ts";
import { processes } from "../../sys/process/procfs.ts";

/** The control group of this process. */
interface CgroupFacts {
  /** Its directory. */
  directory: string;
  /** Why no group can be made in it; absent where one can. */
  problem?: string;
  controllers: string[];
  hasMemoryEvents: boolean;
}

/** A zombie, and the process that does not reap it. */
interface Zombie {
  command: string;
  parent: number;
}

/** What is known of the machine. Sizes are in bytes, times in ms since 1970; an absent limit is none. */
export interface MachineFacts {
  pid: number;
  uid: number;
  /** The name of the program of process 1; undefined where /proc does not tell. */
  first: string | undefined;
  hasProc: boolean;
  /** The value of /proc's option `hidepid` that hides the processes of others. */
  hidepid: string | undefined;
  cgroup: CgroupFacts | undefined;
  pty: ProbeResult;
  subreaper: ProbeResult;
  calls: Record<string, ProbeResult>;
  /** The effective capabilities as bits. */
  capabilities: bigint;
  noNewPrivileges: boolean;
  /** Why these directories cannot be written; undefined for those that can. */
  directories: Record<string, string | undefined>;
  /** Why these devices are of no use. */
  devices: Record<string, string | undefined>;
  hasSyslog: boolean;
  /** `$XDG_RUNTIME_DIR`, and why it is of no use. */
  runtimeDirectory: { path: string; problem: string | undefined } | undefined;
  descriptors: number;
  processes: { most: number; present: number };
  memory: { most: number; present: number };
  now: number;
  /** When this executable was written. */
  built: number;
  zombies: Zombie[];
  /** The names of variables that look as if they were for us. */
  variables: string[];
}

/** Gathers them all. Never throws for what the kernel refuses. */
export function gatherFacts(environment: Record<string, string | undefined>): MachineFacts {
  const status = textOf("/proc/self/status"), limits = textOf("/proc/self/limits");
  const cgroup = cgroupFacts(), all = processes();
  const { XDG_RUNTIME_DIR } = environment;
  return {
    pid: process.pid,
    uid: process.geteuid?.() ?? 0,
    first: all.find(({ pid }) => pid === 1)?.command,
    hasProc: status !== "",
    hidepid: /^.* - proc .*\bhidepid=(\w+)/m.exec(textOf("/proc/self/mountinfo"))?.[1],
    cgroup,
    pty: probePty(),
    subreaper: probeSubreaper(),
    calls: refusedCalls(),
    capabilities: BigInt(`0x${/^CapEff:\s*([0-9a-f]+)$/m.exec(status)?.[1] ?? "0"}`),
    noNewPrivileges: /^NoNewPrivs:\s*1$/m.test(status),
    directories: table(["/", "/run", "/tmp", "/var/log"], directoryProblem),
    devices: table(["/dev/null", "/dev/console"], deviceProblem),
    hasSyslog: ifAllowed(() => statSync("/dev/log").isSocket()) ?? false,
    runtimeDirectory: XDG_RUNTIME_DIR
      ? { path: XDG_RUNTIME_DIR, problem: runtimeDirectoryProblem(XDG_RUNTIME_DIR) }
      : undefined,
    descriptors: hardLimit(limits, "Max open files"),
    processes: cgroupLimit(cgroup, "pids", hardLimit(limits, "Max processes"), all.length),
    memory: cgroupLimit(cgroup, "memory", Infinity, 0),
    now: Date.now(),
    built: ifAllowed(() => statSync(process.execPath).mtimeMs) ?? 0,
    variables: Object.keys(environment).filter((name) => /^(?:ROUSE|UPSTART)_/.test(name)).sort(),
    zombies: all.filter(({ state }) => state === "Z").map(({ command, parent }) => ({ command, parent })),
  };
}

function textOf(path: string): string {
  return ifAllowed(() => readFileSync(path, "utf8")) ?? "";
}

function table<Value>(names: string[], value: (name: string) => Value): Record<string, Value> {
  return Object.fromEntries(names.map((name) => [name, value(name)]));
}

/** Why the kernel refuses an action; undefined where it does not. */
function refusal(action: () => void): string | undefined {
  return unlessRefused(() => void action(), errorReason);
}

function directoryProblem(path: string): string | undefined {
  return refusal(() => accessSync(path, constants.W_OK | constants.X_OK));
}

function deviceProblem(path: string): string | undefined {
  let isDevice = false;
  return refusal(() => {
    isDevice = statSync(path).isCharacterDevice();
    accessSync(path, constants.R_OK | constants.W_OK);
  }) ?? (isDevice ? undefined : "It is no device");
}

function runtimeDirectoryProblem(path: string): string | undefined {
  let isOthers = false;
  return directoryProblem(path) ??
    refusal(() => {
      const { uid, mode } = statSync(path);
      isOthers = uid !== process.geteuid?.() || (mode & 0o022) !== 0;
    }) ?? (isOthers ? "Others own it, or can write to it" : undefined);
}

function cgroupFacts(): CgroupFacts | undefined {
  const tree = cgroupTree(), group = cgroupOf("self");
  if (!tree || group === undefined) return undefined;
  const directory = cgroupDirectory(tree, group);
  const problem = directoryProblem(directory) ??
    refusal(() => accessSync(`${directory}/cgroup.procs`, constants.W_OK));
  return {
    directory,
    ...(problem !== undefined && { problem }),
    controllers: textOf(`${directory}/cgroup.controllers`).split(/\s+/).filter(Boolean),
    hasMemoryEvents: textOf(`${directory}/memory.events`) !== "",
  };
}

/** A hard limit, as /proc/PID/limits has it. */
function hardLimit(limits: string, row: string): number {
  const [, hard] = limits.split("\n").find((line) => line.startsWith(row))?.slice(row.length).trim()
    .split(/\s+/) ?? [];
  return hard === undefined || hard === "unlimited" ? Infinity : Number(hard);
}

/** The limit of a control group's controller where it is lower than another one, and what is taken of it. */
function cgroupLimit(
  cgroup: CgroupFacts | undefined,
  controller: "pids" | "memory",
  other: number,
  present: number,
): { most: number; present: number } {
  const number = (name: string) =>
    cgroup ? Number.parseInt(textOf(`${cgroup.directory}/${controller}.${name}`)) : NaN;
  const most = number("max"), used = number("current");
  if (!(most < other)) return { most: other, present };
  return { most, present: Number.isNaN(used) ? present : used };
}
