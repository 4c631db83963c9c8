/** The preparation of a machine by its process 1: the kernel's file systems, the file of logins, and the keyboard. */

import { chmodSync, chownSync, closeSync, existsSync, mkdirSync, openSync } from "node:fs";
import { UTMP } from "../../sys/utmp/records.ts";
import { acceptKeyboardRequest, reboot } from "../../sys/machine/machine_control.ts";
import { mount, mounts, MS_NODEV, MS_NOEXEC, MS_NOSUID } from "../../sys/machine/mounts.ts";
import { lookupGroup } from "../../sys/access/users.ts";
import type { Messages } from "../logs/messages.ts";
import { attempt } from "./attempt.ts";

/** `[type, mount point, flags, options]`. /proc is not among them: the runtime does not start without it. */
const FILE_SYSTEMS: Array<[type: string, target: string, flags: number, options: string]> = [
  ["sysfs", "/sys", MS_NOSUID | MS_NODEV | MS_NOEXEC, ""],
  ["devtmpfs", "/dev", MS_NOSUID, "mode=755"],
  ["devpts", "/dev/pts", MS_NOSUID | MS_NOEXEC, "gid=5,mode=620,ptmxmode=666"],
  ["tmpfs", "/dev/shm", MS_NOSUID | MS_NODEV, "mode=1777"],
  ["tmpfs", "/run", MS_NOSUID | MS_NODEV, "mode=755"],
  // Daemons of init scripts are known by their groups, and SysV's scripts mount no tree.
  ["cgroup2", "/sys/fs/cgroup", MS_NOSUID | MS_NODEV | MS_NOEXEC, ""],
];

/**
 * Mounts the file systems that are not mounted yet.
 *
 * @param onProblem Receives the reason why one could not be mounted. The others are.
 * @param root The directory that stands for `/`; for tests.
 */
export function mountMissing(onProblem: (reason: string) => void, root = ""): void {
  for (const [type, path, flags, options] of FILE_SYSTEMS) {
    const target = root + path;
    attempt(() => {
      if (mounts().some(({ point }) => point === target)) return;
      mkdirSync(target, { recursive: true });
      mount(type, target, flags, options);
    }, onProblem);
  }
}

/** Mounts what is missing, and has the kernel send signals for Ctrl-Alt-Delete and the keyboard request. */
export function prepareMachine(messages: Messages): void {
  mountMissing((problem) => messages.log("warn", `Failed to mount: ${problem}`));
  attempt(makeUtmp, (reason) => messages.log("warn", `Failed to make the file of logins: ${reason}`));
  const steps: Array<() => void> = [() => reboot("disable-keys"), acceptKeyboardRequest];
  // A machine without a keyboard has no console to ask.
  const withoutKeys = (reason: string) => messages.log("info", `Keys will not be told as events: ${reason}`);
  for (const step of steps) attempt(step, withoutKeys);
}

/** Makes an empty utmp file, on the file system that has just been mounted: programs that write records do not make one. */
export function makeUtmp(): void {
  if (existsSync(UTMP)) return;
  closeSync(openSync(UTMP, "wx"));
  chmodSync(UTMP, 0o664);
  chownSync(UTMP, 0, lookupGroup("utmp")?.gid ?? 0);
}
