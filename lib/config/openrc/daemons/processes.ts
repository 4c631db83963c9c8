/** The processes among which the programs that start and stop daemons look for them. */

import { readFileSync, readlinkSync, statSync } from "node:fs";
import process from "node:process";
import type { ProcessView } from "../../../../compat/openrc/mod.ts";
import { ifAllowed } from "../../../sys/call/refused.ts";
import { processIds, type ProcessStatus, processStatus } from "../../../sys/process/procfs.ts";

/** A process of /proc. What is asked of it is read then, once. */
class RunningProcess implements ProcessView {
  readonly pid: number;
  readonly command: string;
  readonly parent: number;
  #arguments: string[] | undefined;

  constructor(readonly status: ProcessStatus) {
    this.pid = status.pid;
    this.command = status.command;
    this.parent = status.parent;
  }

  get arguments(): string[] | undefined {
    const text = ifAllowed(() => readFileSync(`/proc/${this.pid}/cmdline`, "utf8"));
    return this.#arguments ??= text?.split("\0").slice(0, -1);
  }

  get owner(): number | undefined {
    return ifAllowed(() => statSync(`/proc/${this.pid}`).uid);
  }

  get program(): string | undefined {
    const path = ifAllowed(() => readlinkSync(`/proc/${this.pid}/exe`))?.replace(/ \(deleted\)$/, "");
    return path === undefined ? undefined : fileIdentity(path);
  }

  /** True where it is in this process's namespace of process numbers, or nobody may know. */
  get isHere(): boolean {
    const own = ifAllowed(() => readlinkSync("/proc/self/ns/pid"));
    const other = ifAllowed(() => readlinkSync(`/proc/${this.pid}/ns/pid`));
    return own === undefined || other === undefined || own === other;
  }
}

/** A text that tells the file at a path apart from all others; undefined where there is none. */
export function fileIdentity(path: string): string | undefined {
  const status = ifAllowed(() => statSync(path));
  return status && `${status.dev}:${status.ino}`;
}

/**
 * The processes that are meant, those with the highest numbers first. This one is none of them, nor is what runs the
 * script (`RC_OPENRC_PID`), nor one that has ended and is only still to be reaped.
 * @throws {Error} without /proc.
 */
export function findProcesses(isMeant: (process: ProcessView) => boolean): ProcessStatus[] {
  const excluded = [process.pid, Number(process.env["RC_OPENRC_PID"])];
  return processIds().reverse().flatMap((pid) => {
    const status = excluded.includes(pid) ? undefined : runningStatus(pid);
    if (!status) return [];
    const found = new RunningProcess(status);
    return isMeant(found) && found.isHere ? [status] : [];
  });
}

/** A process by its number, if it is meant. */
export function findProcess(
  pid: number,
  isMeant: (process: ProcessView) => boolean,
): ProcessStatus | undefined {
  const status = runningStatus(pid);
  return status && isMeant(new RunningProcess(status)) ? status : undefined;
}

/** The status of a process that runs; undefined where there is none. */
export function runningStatus(pid: number): ProcessStatus | undefined {
  const status = pid > 0 ? processStatus(pid) : undefined;
  return status && /[ZX]/.test(status.state) ? undefined : status;
}

/** So long a parent is given to reap a process that has ended, and the pause between two looks, in ms. */
const REAP_TIME = 500, REAP_PAUSE = 1;

/**
 * Blocks until processes that have ended are reaped, for a moment at most: whoever stops a daemon and asks for its number then
 * is to find nothing. This process's own children are not meant.
 */
export function awaitReaped(pids: readonly number[]): void {
  const end = performance.now() + REAP_TIME;
  const isLeft = (pid: number) => {
    const status = processStatus(pid);
    return status?.state === "Z" && status.parent !== process.pid;
  };
  while (pids.some(isLeft) && performance.now() < end) {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, REAP_PAUSE);
  }
}
