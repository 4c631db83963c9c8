/** Control of the machine: reboot(2), sync(2), requests from the keyboard. */

import { close, O_NOCTTY, O_RDWR, open } from "../io/descriptors.ts";
import { call, required } from "../call/kernel.ts";

/** The commands of reboot(2). */
const REBOOT_COMMANDS = {
  restart: 0x01234567,
  halt: 0xcdef0123,
  "power-off": 0x4321fedc,
  /** Restarts with a command for the firmware or the boot loader. */
  "restart-with": 0xa1b2c3d4,
  /** Control-alt-delete restarts at once. */
  "enable-keys": 0x89abcdef,
  /** Control-alt-delete sends SIGINT to process 1. */
  "disable-keys": 0,
} as const;

/** A command of reboot(2). */
export type RebootCommand = keyof typeof REBOOT_COMMANDS;

/**
 * reboot(2). In a PID namespace it ends the namespace: process 1 is killed, by SIGHUP for a restart and by SIGINT for the
 * others, as its parent sees it.
 * @param argument The firmware's or boot loader's command, for `restart-with`
 * @throws {SystemError} EPERM without the privilege.
 */
export function reboot(command: RebootCommand, argument = ""): void {
  const MAGIC = 0xfee1dead, MAGIC_2 = 0x28121969;
  required(command, call("reboot", MAGIC, MAGIC_2, REBOOT_COMMANDS[command], argument));
}

/** Writes all cached data to the disks (sync(2)). */
export function sync(): void {
  call("sync");
}

/**
 * Has the keyboard request (usually Alt and the up arrow) send SIGWINCH to this process (ioctl_kd(2), KDSIGACCEPT).
 * @throws {SystemError} when there is no console, or without the privilege.
 */
export function acceptKeyboardRequest(): void {
  const KDSIGACCEPT = 0x4b4e, SIGWINCH = 28;
  const console = open("/dev/tty0", O_RDWR | O_NOCTTY);
  const result = call("ioctl", console, KDSIGACCEPT, SIGWINCH);
  close(console);
  required("listen to the keyboard's request", result);
}
