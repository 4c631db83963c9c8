/** The files below /proc (proc(5)), as far as init reads them. */

import { Buffer } from "node:buffer";
import type { Kernel } from "./kernel.ts";
import { ENOENT, type OpenFile } from "./open_file.ts";
import type { Process } from "./process.ts";

/** Ticks of the clock in a second. */
const TICKS = 100;

/** The flag of a process that has not executed a program since it was forked. */
const FORKED = 0x40;

/** The process that a path below /proc is about, and the rest of the path. */
function subjectOf(
  kernel: Kernel,
  process: Process,
  path: string,
): { subject: Process; rest: string } | undefined {
  const [, name = "", rest = ""] = /^\/proc\/(self|thread-self|\d+)(?:\/(.*))?$/.exec(path) ?? [];
  const subject = /^\d/.test(name)
    ? kernel.processes.all.get(Number(name))
    : name === ""
    ? undefined
    : process;
  return subject && { subject, rest };
}

/** The open file of a path such as /proc/self/fd/3; undefined for other paths. */
export function descriptorAt(kernel: Kernel, process: Process, path: string): OpenFile | number | undefined {
  const { subject, rest = "" } = subjectOf(kernel, process, path) ?? {};
  const [, number] = /^fd\/(\d+)$/.exec(rest) ?? [];
  return number === undefined ? undefined : subject!.file(Number(number)) ?? ENOENT;
}

/** The text of a file below /proc. */
export function procText(kernel: Kernel, process: Process, path: string): Uint8Array | number {
  const general = GENERAL[path]?.(kernel);
  if (general !== undefined) return Buffer.from(general);
  const { subject, rest = "" } = subjectOf(kernel, process, path) ?? {};
  if (!subject) return ENOENT;
  const name = rest.replace(/^task\/\d+\//, "");
  const text = OF_PROCESS[name]?.(subject, kernel);
  return text === undefined ? ENOENT : Buffer.from(text, "utf8");
}

/** The names in a directory below /proc; undefined where there is none. */
export function procNames(kernel: Kernel, process: Process, path: string): string[] | undefined {
  if (path === "/proc") return ["self", "uptime", ...Array.from(kernel.processes.all.keys(), String)];
  const { subject, rest } = subjectOf(kernel, process, path) ?? {};
  if (rest === "") return Object.keys(OF_PROCESS);
  if (rest === "task") return [String(subject!.pid)];
  return rest === "fd" ? Array.from(subject!.descriptors.keys(), String) : undefined;
}

const MOUNTS = "/dev/root / ext4 rw 0 0\nproc /proc proc rw 0 0\n";

const GENERAL: Record<string, (kernel: Kernel) => string> = {
  "/proc/uptime": ({ clock }) => `${(1000 + clock.now / 1000).toFixed(2)} 0.00\n`,
  "/proc/mounts": () => MOUNTS,
  "/proc/cmdline": () => "root=/dev/root\n",
  "/proc/sys/kernel/random/boot_id": () => "00000000-0000-0000-0000-000000000001\n",
  "/proc/sys/kernel/pid_max": () => "4194304\n",
};

const OF_PROCESS: Record<string, (subject: Process, kernel: Kernel) => string | undefined> = {
  stat: statOf,
  statm: () => "1000 500 100 10 0 200 0\n",
  smaps: () => "",
  maps: () => "",
  status: ({ command, pid, uid, gid }) =>
    `Name:\t${command}\nPid:\t${pid}\nUid:\t${uid}\t${uid}\t${uid}\t${uid}\nGid:\t${gid}\t${gid}\t${gid}\t${gid}\n` +
    "CapPrm:\t000001ffffffffff\nSigCgt:\t0000000000000000\n",
  environ: ({ environment, hasEnded }) => hasEnded ? "" : environment.map((pair) => `${pair}\0`).join(""),
  cmdline: ({ argv, hasEnded }) => hasEnded ? "" : argv.map((word) => `${word}\0`).join(""),
  comm: ({ command }) => `${command}\n`,
  children: ({ children }) => Array.from(children, ({ pid }) => `${pid} `).join(""),
  cgroup: ({ controlGroup }) => `0::${controlGroup}\n`,
  limits: ({ descriptorLimit: { soft, hard } }) =>
    `Max open files            ${soft}            ${hard}    files\n`,
  mounts: () => MOUNTS,
  mountinfo: () => "21 1 8:1 / / rw - ext4 /dev/root rw\n22 21 0:20 / /proc rw - proc proc rw\n",
  uid_map: () => "         0          0 4294967295\n",
  oom_score_adj: () => "0\n",
  "attr/exec": () => "",
  auxv: () => "",
};

function statOf({ pid, command, exit, isStopped, ...process }: Process): string {
  const state = exit ? "Z" : isStopped ? "T" : "S";
  const { parent, group, session, hasExecuted, started } = process;
  const fields: Array<string | number> = [
    pid,
    `(${command})`,
    state,
    parent?.pid ?? 0,
    group,
    session,
    0,
    -1,
  ];
  fields.push(hasExecuted ? 0 : FORKED, ...Array<number>(12).fill(0));
  fields.push(Math.floor((1_000_000 + started) / 1000 * TICKS), 4096, 100, ...Array<number>(28).fill(0));
  return `${fields.join(" ")}\n`;
}
