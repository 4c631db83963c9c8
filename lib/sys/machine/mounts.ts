/** Mounts of file systems: reading them, mount(2), umount(2), and swap space. */

import { readFileSync } from "node:fs";
import { call, required } from "../call/kernel.ts";
import { ifAllowed } from "../call/refused.ts";

/** mount(2)'s flags. */
export const MS_NOSUID = 2, MS_NODEV = 4, MS_NOEXEC = 8;
const MS_RDONLY = 1, MS_REMOUNT = 32;

/** A mount (proc_pid_mountinfo(5)). */
interface Mount {
  /** The directory of the file system that is mounted; `/` for the whole. */
  top: string;
  /** The mount point. */
  point: string;
  /** The options of this mount, such as `ro` and `noexec`. */
  options: string[];
  type: string;
  /** The device, such as `/dev/vda1`; any text for file systems without one. */
  source: string;
}

/** All mounts, in the order in which they were made; none without /proc. */
export function mounts(): Mount[] {
  return parseMounts(textOf("/proc/self/mountinfo"));
}

/** The mounts in the text of /proc/PID/mountinfo. */
export function parseMounts(text: string): Mount[] {
  return rows(text).map((fields) => {
    // Before the dash there are as many optional fields as there are.
    const [, type = "", source = ""] = fields.slice(fields.indexOf("-", 6));
    const [top = "/", point = "/", options = ""] = fields.slice(3);
    return { top, point, options: options.split(","), type, source };
  });
}

/** The path, within its own file system, of a file that is mounted in the place of another; undefined where it is not. */
export function mountedFile(path: string): string | undefined {
  return mounts().findLast(({ point }) => point === path)?.top;
}

/** The files and devices that are swapped to (proc_swaps(5)); none where the kernel has no swap space. */
export function swaps(): string[] {
  return rows(textOf("/proc/swaps")).slice(1).map(([path = ""]) => path);
}

/** The text of a file; empty when it cannot be read. */
function textOf(file: string): string {
  return ifAllowed(() => readFileSync(file, "utf8")) ?? "";
}

/** The lines of a text, split into fields. */
function rows(text: string): string[][] {
  return text.split("\n").filter(Boolean).map((line) => line.split(/[ \t]+/).map(unescape));
}

/** Replaces octal escapes: `\040` stands for a blank. */
function unescape(field: string): string {
  return field.replace(/\\([0-7]{3})/g, (_, code) => String.fromCharCode(parseInt(code, 8)));
}

/**
 * mount(2).
 * @param flags The sum of {@link MS_NOSUID} and the like
 * @param data The file system's own options, e.g. `mode=755`
 * @throws {SystemError}
 */
export function mount(type: string, target: string, flags: number, data: string): void {
  required(`mount ${type} on ${target}`, call("mount", type, target, type, flags, data));
}

/**
 * umount(2).
 * @throws {SystemError}
 */
export function unmount(target: string): void {
  required(`unmount ${target}`, call("umount2", target, 0));
}

/**
 * Makes a mounted file system read-only (mount(2), MS_REMOUNT).
 * @throws {SystemError} EBUSY while files are open for writing.
 */
export function remountReadOnly(target: string): void {
  required(`make ${target} read-only`, call("mount", "none", target, "", MS_REMOUNT | MS_RDONLY, ""));
}

/**
 * swapoff(2).
 * @throws {SystemError} ENOMEM when the contents do not fit into memory.
 */
export function swapOff(path: string): void {
  required(`swap ${path} off`, call("swapoff", path));
}
