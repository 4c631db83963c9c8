/** What process 1 of a machine does that no other init does: prepare the kernel's file systems and keys, and end it all. */

import { mkdirSync, readFileSync } from "node:fs";
import {
  acceptKeyboardRequest,
  mount,
  MS_NODEV,
  MS_NOEXEC,
  MS_NOSUID,
  reboot,
  type RebootCommand,
  sync,
} from "../../sys/machine.ts";
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
      if (mountPoints().has(target)) continue;
      mkdirSync(target, { recursive: true });
      mount(type, target, flags, options);
    } catch (error) {
      problem((error as Error).message);
    }
  }
}

function mountPoints(): Set<string> {
  const lines = readFileSync("/proc/self/mountinfo", "utf8").split("\n");
  return new Set(lines.flatMap((line) => line.split(" ")[4] ?? []));
}

/** Mounts what is missing, and has the kernel turn Ctrl-Alt-Delete and the keyboard's request into signals. */
export function prepareMachine(messages: Messages): void {
  mountMissing((problem) => messages.tell("warn", `Failed to mount: ${problem}`));
  const steps: Array<() => void> = [() => reboot("disable-keys"), acceptKeyboardRequest];
  for (const step of steps) {
    try {
      step();
    } catch (error) {
      // A machine without a keyboard has no console to ask.
      messages.tell("info", `Keys will not be told as events: ${(error as Error).message}`);
    }
  }
}

/** Ends the machine. If the kernel refuses, that is told, and init stays: without process 1 there is a panic. */
export function endMachine(command: RebootCommand = "power-off", messages: Messages): Promise<never> {
  sync();
  try {
    reboot(command);
  } catch (error) {
    messages.tell("error", `Failed to end the machine: ${(error as Error).message}`);
  }
  return new Promise(() => {});
}
