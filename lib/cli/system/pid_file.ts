/** The file by which there is one shutdown at a time, and by which another one finds it: its process number and a lock. */

import * as fs from "node:fs";
import { basename } from "node:path";
import process from "node:process";
import { errorReason } from "../../sys/call/errno.ts";
import { ifAllowed, unlessRefused } from "../../sys/call/refused.ts";
import { lockForWriting } from "../../sys/io/descriptors.ts";
import { kill } from "../../sys/process/processes.ts";

/** Sysvinit's shutdown and Upstart's have it there, too. */
const PID_FILE = "/var/run/shutdown.pid";

const { O_RDONLY, O_RDWR, O_CREAT, O_NOFOLLOW, O_NONBLOCK } = fs.constants;

/** What the file tells: the shutdown that waits, `stale` for one that is gone, `none` where there is no file. */
type Waiting = number | "stale" | "none";

/** The shutdown that waits for its time, be it ours or another's. */
export function waitingShutdown(): Waiting {
  const descriptor = ifAllowed(() => fs.openSync(PID_FILE, O_RDONLY | O_NOFOLLOW | O_NONBLOCK));
  if (descriptor === undefined) return "none";
  try {
    return shutdownNamed(descriptor) ?? "stale";
  } finally {
    fs.closeSync(descriptor);
  }
}

/**
 * Takes the file. Undefined when another shutdown has it.
 * @param warn Is told why there can be no file: the shutdown goes on without.
 * @returns what gives it up.
 */
export function takePidFile(warn: (reason: string) => void): (() => void) | undefined {
  if (typeof waitingShutdown() === "number") return undefined;
  for (;;) {
    const descriptor = unlessRefused(
      () => fs.openSync(PID_FILE, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK, 0o644),
      (error) => warn(`Unable to write ${PID_FILE}: ${errorReason(error)}`),
    );
    if (descriptor === undefined) return () => {};
    if (!lockForWriting(descriptor) || shutdownNamed(descriptor) !== undefined) {
      fs.closeSync(descriptor);
      return undefined;
    }
    // Whoever had it may have removed it while we waited for the lock.
    if (isAt(descriptor)) return holder(descriptor, warn);
    fs.closeSync(descriptor);
  }
}

/** Writes this process's number. @returns what gives the file up. */
function holder(descriptor: number, warn: (reason: string) => void): () => void {
  unlessRefused(() => {
    fs.ftruncateSync(descriptor);
    fs.writeSync(descriptor, `${process.pid}\n`, 0);
  }, (error) => warn(`Unable to write ${PID_FILE}: ${errorReason(error)}`));
  return () => {
    ifAllowed(() => isAt(descriptor) && fs.unlinkSync(PID_FILE));
    fs.closeSync(descriptor);
  };
}

/** True when a descriptor is open on what the path leads to now. */
function isAt(descriptor: number): boolean {
  const { dev, ino } = fs.fstatSync(descriptor);
  const found = fs.lstatSync(PID_FILE, { throwIfNoEntry: false });
  return found?.dev === dev && found.ino === ino;
}

/** The process that the file names, if it is alive and a shutdown, and not this one. */
function shutdownNamed(descriptor: number): number | undefined {
  if (!fs.fstatSync(descriptor).isFile()) return undefined;
  const bytes = new Uint8Array(16);
  const count = fs.readSync(descriptor, bytes, 0, bytes.length, 0);
  const pid = Number.parseInt(new TextDecoder().decode(bytes.subarray(0, count)), 10);
  return pid > 1 && pid !== process.pid && isShutdown(pid) ? pid : undefined;
}

/** The number may have passed on to another process, so its words are looked at. Without /proc it is believed. */
function isShutdown(pid: number): boolean {
  if (!ifAllowed(() => kill(pid, 0))) return false;
  const words = ifAllowed(() => fs.readFileSync(`/proc/${pid}/cmdline`, "utf8"))?.split("\0");
  return words === undefined || words.some((word) => basename(word) === "shutdown");
}
