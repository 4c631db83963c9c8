/** What process 1 of a machine does that no other init does: prepare the kernel's file systems and keys, and end it all. */

import { chmodSync, chownSync, closeSync, existsSync, mkdirSync, openSync } from "node:fs";
import { recordShutdown } from "../../cli/system/accounting.ts";
import { UTMP } from "../../cli/system/records.ts";
import { acceptKeyboardRequest, reboot, type RebootCommand, sync } from "../../sys/machine.ts";
import {
  mount,
  mounts,
  MS_NODEV,
  MS_NOEXEC,
  MS_NOSUID,
  remountReadOnly,
  swapOff,
  swaps,
  unmount,
} from "../../sys/mounts.ts";
import { lookupGroup } from "../../sys/users.ts";
import type { Messages } from "../messages.ts";

/** `[type, mount point, flags, options]`. /proc is not among them: this program could not have begun without. */
const FILE_SYSTEMS: Array<[type: string, target: string, flags: number, options: string]> = [
  ["sysfs", "/sys", MS_NOSUID | MS_NODEV | MS_NOEXEC, ""],
  ["devtmpfs", "/dev", MS_NOSUID, "mode=755"],
  ["devpts", "/dev/pts", MS_NOSUID | MS_NOEXEC, "gid=5,mode=620,ptmxmode=666"],
  ["tmpfs", "/dev/shm", MS_NOSUID | MS_NODEV, "mode=1777"],
  ["tmpfs", "/run", MS_NOSUID | MS_NODEV, "mode=755"],
];

/**
 * Mounts what is not mounted yet.
 *
 * @param problem Told what could not be mounted; the rest is.
 * @param root The directory that stands for `/`; for tests.
 */
export function mountMissing(problem: (message: string) => void, root = ""): void {
  for (const [type, path, flags, options] of FILE_SYSTEMS) {
    const target = root + path;
    try {
      if (mounts().some(({ point }) => point === target)) continue;
      mkdirSync(target, { recursive: true });
      mount(type, target, flags, options);
    } catch (error) {
      problem((error as Error).message);
    }
  }
}

/** Mounts what is missing, and has the kernel turn Ctrl-Alt-Delete and the keyboard's request into signals. */
export function prepareMachine(messages: Messages): void {
  mountMissing((problem) => messages.tell("warn", `Failed to mount: ${problem}`));
  attempt(makeUtmp, (reason) => messages.tell("warn", `Failed to make the file of logins: ${reason}`));
  const steps: Array<() => void> = [() => reboot("disable-keys"), acceptKeyboardRequest];
  // A machine without a keyboard has no console to ask.
  const withoutKeys = (reason: string) => messages.tell("info", `Keys will not be told as events: ${reason}`);
  for (const step of steps) attempt(step, withoutKeys);
}

/** An empty file of records, on the file system that was mounted just now: neither logins nor runlevels make one. */
function makeUtmp(): void {
  if (existsSync(UTMP)) return;
  closeSync(openSync(UTMP, "wx"));
  chmodSync(UTMP, 0o664);
  chownSync(UTMP, 0, lookupGroup("utmp")?.gid ?? 0);
}

/** Does something; a refusal by the kernel is told. */
function attempt(step: () => void, otherwise: (message: string) => void): void {
  try {
    step();
  } catch (error) {
    otherwise((error as Error).message);
  }
}

/**
 * Unmounts the file systems that are on devices, the latest first, and makes those that are in use, such as `/`,
 * read-only, so that they are clean when they are mounted next. What a server has is left alone: one that does not
 * answer would hold up the end for ever.
 *
 * @param problem Told what can be neither; the rest is.
 * @param root Where to begin; for tests, for file systems are everybody's.
 */
export function releaseDisks(problem: (message: string) => void, root = "/"): void {
  const freeze = (point: string) => attempt(() => remountReadOnly(point), problem);
  const onDevices = mounts().filter(({ source, point }) =>
    source.startsWith("/dev/") && point.startsWith(root)
  );
  for (const { point } of onDevices.reverse()) {
    if (point === "/") freeze(point);
    else attempt(() => unmount(point), () => freeze(point));
  }
}

/** Ends the machine. If the kernel refuses, that is told, and init stays: without process 1 there is a panic. */
export function endMachine(command: RebootCommand = "power-off", messages: Messages): Promise<never> {
  recordShutdown();
  sync();
  const problem = (reason: string) => messages.tell("warn", `Failed to leave a file system clean: ${reason}`);
  for (const path of swaps()) attempt(() => swapOff(path), problem);
  releaseDisks(problem);
  attempt(() => reboot(command), (reason) => messages.tell("error", `Failed to end the machine: ${reason}`));
  return new Promise(() => {});
}
