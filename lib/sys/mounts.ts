/** File systems: which are mounted, mount(2) and umount(2). Refusals throw {@link SystemError}. */

import { readFileSync } from "node:fs";
import { call, required } from "./kernel.ts";

/** mount(2)'s flags. */
export const MS_NOSUID = 2, MS_NODEV = 4, MS_NOEXEC = 8;
const MS_RDONLY = 1, MS_REMOUNT = 32;

/** What is mounted where (proc_pid_mountinfo(5)). */
export interface Mount {
  /** The directory of the file system that is seen at the point; `/` for the whole. */
  top: string;
  point: string;
  type: string;
  /** What the file system is on, such as `/dev/vda1`; anything for those that are on nothing. */
  source: string;
}

/** What is mounted, in the order in which it was; none without /proc. */
export function mounts(): Mount[] {
  return rows("/proc/self/mountinfo").map((fields) => {
    // Before the dash there are as many optional fields as there are.
    const [, type = "", source = ""] = fields.slice(fields.indexOf("-", 6));
    return { top: fields[3] ?? "/", point: fields[4] ?? "/", type, source };
  });
}

/** The files and devices that memory is moved to (proc_swaps(5)); none where the kernel moves none. */
export function swaps(): string[] {
  return rows("/proc/swaps").slice(1).map(([path = ""]) => path);
}

/** The lines of a file of fields; none when it is not there. */
function rows(file: string): string[][] {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch {
    return [];
  }
  return text.split("\n").filter(Boolean).map((line) => line.split(/[ \t]+/).map(unescape));
}

/** `\040` stands for a blank, and so on. */
function unescape(field: string): string {
  return field.replace(/\\([0-7]{3})/g, (_, code) => String.fromCharCode(parseInt(code, 8)));
}

/** mount(2); `data` are the file system's own options, e.g. `mode=755`. */
export function mount(type: string, target: string, flags: number, data: string): void {
  required(`mount ${type} on ${target}`, call("mount", type, target, type, flags, data));
}

/** umount(2). */
export function unmount(target: string): void {
  required(`unmount ${target}`, call("umount2", target, 0));
}

/** Has nothing be written any more to what is mounted there. */
export function remountReadOnly(target: string): void {
  required(`make ${target} read-only`, call("mount", "none", target, "", MS_REMOUNT | MS_RDONLY, ""));
}

/** swapoff(2): brings back into memory what was moved to that file or device. */
export function swapOff(path: string): void {
  required(`swap ${path} off`, call("swapoff", path));
}
