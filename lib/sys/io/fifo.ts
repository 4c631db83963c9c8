/** FIFOs (fifo(7)): named pipes that others write to. */

import * as fs from "node:fs";
import { call, required } from "../call/kernel.ts";
import { close, fchmod, O_NOCTTY, O_NONBLOCK, O_RDWR, open } from "./descriptors.ts";

const O_NOFOLLOW = fs.constants.O_NOFOLLOW;

/**
 * Makes a FIFO (mkfifo(3)).
 * @throws {SystemError} EEXIST when there is something of that name.
 */
export function makeFifo(path: string, mode: number): void {
  const AT_FDCWD = -100, S_IFIFO = 0o10000;
  required(`make ${path}`, call("mknodat", AT_FDCWD, path, S_IFIFO | mode, 0));
}

/**
 * Opens a FIFO to read what others write. It is open for writing, too, so that it has no end; reading does not block.
 * @param mode The mode that it gets, whatever it had
 * @returns undefined when it is something else.
 * @throws {SystemError}
 */
export function openFifo(path: string, mode: number): number | undefined {
  const descriptor = open(path, O_RDWR | O_NONBLOCK | O_NOCTTY | O_NOFOLLOW);
  if (!isFifo(descriptor)) {
    close(descriptor);
    return undefined;
  }
  fchmod(descriptor, mode);
  return descriptor;
}

/** True for a descriptor that is open on a FIFO, or a pipe. */
function isFifo(descriptor: number): boolean {
  return statusOf(descriptor).isFIFO();
}

/** The status of what a descriptor is open on: the runtimes' own function knows their own descriptors alone. */
function statusOf(descriptor: number): fs.Stats {
  return fs.statSync(`/proc/self/fd/${descriptor}`);
}

/** True when a path leads to the very file that a descriptor is open on. */
export function isOpenOn(descriptor: number, path: string): boolean {
  const found = fs.lstatSync(path, { throwIfNoEntry: false });
  if (!found) return false;
  const { dev, ino } = statusOf(descriptor);
  return found.dev === dev && found.ino === ino;
}
