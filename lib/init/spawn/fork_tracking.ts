/** The tracking of forks: finds the process that a daemon leaves running when it exits (`expect fork`, `expect daemon`). */

import * as fs from "node:fs";
import process from "node:process";
import type { TrackedProcess } from "../../engine/effects.ts";
import { childrenOf, type ProcessStatus, processStatus } from "../../sys/process/procfs.ts";
import { ifAllowed } from "../../sys/call/refused.ts";

/** A process that has exited, whose descendant is looked for. */
interface ForkedParent {
  /** Its process ID. It was a session leader. */
  pid: number;
  job: string;
  instance: string;
  /** True for processes that belong to a job already. */
  isKnown(pid: number): boolean;
  /** The processes in the control groups of its instance: they descend from it, whatever session they made. */
  grouped: readonly number[];
}

/**
 * Finds the oldest child of init that descends from a process which has exited. Orphans become children of init; a
 * descendant is in the same session or the instance's control group, or has the names of the job and the instance in its
 * environment, which a program overwrites that sets a title of its own.
 *
 * @returns Undefined when no descendant is left.
 */
export function findForkedProcess(parent: ForkedParent): TrackedProcess | undefined {
  const seen = new Set<number>();
  let children = childrenOf(process.pid);
  // A child that exits after the list was read leaves its own child to init: the list is read again.
  while (children.some((pid) => !seen.has(pid))) {
    const orphans = children
      .filter((pid) => !parent.isKnown(pid))
      .flatMap((pid) => liveDescendants(pid, parent));
    const [oldest] = orphans.sort((one, other) => one.startTime - other.startTime || one.pid - other.pid);
    if (oldest) {
      return { pid: oldest.pid, forks: forksBetween(oldest, parent), session: oldest.session };
    }
    for (const pid of children) seen.add(pid);
    children = childrenOf(process.pid);
  }
  return undefined;
}

/** The orphan itself, if it descends from the parent and lives. Its children, if it is just exiting. */
function liveDescendants(orphan: number, parent: ForkedParent): ProcessStatus[] {
  const status = processStatus(orphan);
  if (!status || status.state === "Z") return [];
  if (status.session === parent.pid || status.processGroup === parent.pid) return [status];
  if (parent.grouped.includes(orphan)) return [status];
  const environment = environmentOf(orphan);
  // A process that is exiting loses its environment before its children.
  if (environment === "") return childrenOf(orphan).flatMap((child) => liveDescendants(child, parent));
  return namesInstance(environment, parent) ? [status] : [];
}

/** True when a process was started with the names of an instance in its environment, as all are that descend from it. */
export function isStartedFor(pid: number, instance: { job: string; instance: string }): boolean {
  return namesInstance(environmentOf(pid), instance);
}

function namesInstance(environment: string, { job, instance }: { job: string; instance: string }): boolean {
  const variables = environment.split("\0");
  return variables.includes(`UPSTART_JOB=${job}`) && variables.includes(`UPSTART_INSTANCE=${instance}`);
}

/**
 * The number of forks between the parent and an orphan. A daemon forks, makes a session, and forks again, so that it does
 * not lead the session. A process in a new session that it does not lead has forked twice, even if the parent outlived the
 * child.
 */
function forksBetween(orphan: ProcessStatus, { pid }: ForkedParent): number {
  return orphan.session !== pid && orphan.session !== orphan.pid ? 2 : 1;
}

/** The delays between the checks whether a process is about to fork again, in ms. */
const CHECK_DELAYS = [0, 10, 50, 200, 1000];

/**
 * Checks from time to time whether a process that was found is the daemon, or is about to fork again. Between two forks a
 * daemon runs the same program and makes a session first. So a process that executes another program has forked for the
 * last time, and so, probably, has one that stays in the parent's session. A leader of its own session may be about to
 * fork.
 *
 * @param parent The process ID of the parent.
 * @param isAwaited The checks end when it returns false.
 * @param onSettled Called when the process will probably not fork again, or certainly.
 */
export function watchForkedProcess(
  { pid }: TrackedProcess,
  parent: number,
  isAwaited: () => boolean,
  onSettled: (isCertain: boolean) => void,
): void {
  const check = (count: number) => {
    const status = isAwaited() ? processStatus(pid) : undefined;
    if (!status) return;
    if (status.hasExecuted) return onSettled(true);
    if (count === CHECK_DELAYS.length) return status.session === parent ? onSettled(false) : undefined;
    setTimeout(() => check(count + 1), CHECK_DELAYS[count]);
  };
  check(0);
}

/** The environment that a process was started with. Empty when there is none, or it may not be read. */
function environmentOf(pid: number): string {
  return ifAllowed(() => fs.readFileSync(`/proc/${pid}/environ`, "latin1")) ?? "";
}
