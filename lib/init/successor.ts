/** Finding the process that a daemon leaves behind in its place (`expect fork`, `expect daemon`). */

import * as fs from "node:fs";
import process from "node:process";
import { childrenOf, type ProcessStatus, processStatus } from "../sys/procfs.ts";

/** Who is looked for. */
export interface Predecessor {
  /** The process that has ended; it led a session of its own. */
  pid: number;
  job: string;
  instance: string;
  /** True for processes that are a job's already. */
  isKnown(pid: number): boolean;
}

/** A process that took another's place, and how many forks lie between the two. */
export interface Successor {
  pid: number;
  forks: number;
}

/**
 * The oldest child of init that descends from a process which has ended: orphans are given to init, and this
 * one is still of the same session, or has the job's and instance's name in its environment. Undefined when
 * nothing of the process is left.
 */
export function findSuccessor(predecessor: Predecessor): Successor | undefined {
  const seen = new Set<number>();
  let children = childrenOf(process.pid);
  // One that ends after the list was read, and before it is looked at, gives its child to init: look again.
  while (children.some((pid) => !seen.has(pid))) {
    const orphans = children
      .filter((pid) => !predecessor.isKnown(pid))
      .flatMap((pid) => heirs(pid, predecessor));
    const [oldest] = orphans.sort((one, other) => one.startTime - other.startTime || one.pid - other.pid);
    if (oldest) return { pid: oldest.pid, forks: forksBetween(oldest, predecessor) };
    for (const pid of children) seen.add(pid);
    children = childrenOf(process.pid);
  }
  return undefined;
}

/** The orphan itself if it descends from the predecessor and lives; its children if it is just ending. */
function heirs(orphan: number, predecessor: Predecessor): ProcessStatus[] {
  const status = processStatus(orphan);
  if (!status || status.state === "Z") return [];
  if (status.session === predecessor.pid || status.processGroup === predecessor.pid) return [status];
  const environment = environmentOf(orphan);
  // A process that is ending has given up its environment, and not yet its children.
  if (environment === "") return childrenOf(orphan).flatMap((child) => heirs(child, predecessor));
  const variables = environment.split("\0");
  const { job, instance } = predecessor;
  const isOfJob = variables.includes(`UPSTART_JOB=${job}`) &&
    variables.includes(`UPSTART_INSTANCE=${instance}`);
  return isOfJob ? [status] : [];
}

/**
 * A daemon forks, makes a session, and forks again, so that it does not lead the session. One that is in
 * a new session which it does not lead has both forks behind it, even if the parent outlived the child.
 */
function forksBetween(orphan: ProcessStatus, { pid }: Predecessor): number {
  return orphan.session !== pid && orphan.session !== orphan.pid ? 2 : 1;
}

/** The environment that a process was started with; empty when there is none or it may not be read. */
function environmentOf(pid: number): string {
  try {
    return fs.readFileSync(`/proc/${pid}/environ`, "latin1");
  } catch {
    return "";
  }
}
