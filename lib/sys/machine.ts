/** The machine as a whole: the keyboard's signals, reboot(2). All throws {@link SystemError} when refused. */

import { close, O_NOCTTY, O_RDWR, open } from "./descriptors.ts";
import { call, required } from "./kernel.ts";

/** What reboot(2) can be asked for. */
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

export type RebootCommand = keyof typeof REBOOT_COMMANDS;

/**
 * reboot(2). In a PID namespace of its own it ends the namespace: its process 1 is killed, and whoever waits
 * for that sees SIGHUP for a restart and SIGINT for the others.
 */
export function reboot(command: RebootCommand, argument = ""): void {
  const MAGIC = 0xfee1dead, MAGIC_2 = 0x28121969;
  required(command, call("reboot", MAGIC, MAGIC_2, REBOOT_COMMANDS[command], argument));
}

/** Writes to the disks what is to be written (sync(2)). */
export function sync(): void {
  call("sync");
}

/** Has the keyboard's request (Alt and the up arrow, as a rule) send SIGWINCH to this process. */
export function acceptKeyboardRequest(): void {
  const KDSIGACCEPT = 0x4b4e, SIGWINCH = 28;
  const console = open("/dev/tty0", O_RDWR | O_NOCTTY);
  const result = call("ioctl", console, KDSIGACCEPT, SIGWINCH);
  close(console);
  required("listen to the keyboard's request", result);
}
