/** The attribution of processes to instances of jobs: whose messages count, and whose process numbers are believed. */

import process from "node:process";
import type { Engine } from "../../engine/engine.ts";
import { processStatus } from "../../sys/process/procfs.ts";

/** An instance that a process belongs to. */
export interface Owner {
  job: string;
  instance: string;
}

/** How many ancestors of a process are looked at. */
const MOST_ANCESTORS = 64;

/**
 * The instance that a process belongs to: it is one of its processes, descends from one, is in the session or the group of
 * one. Nobody can enter another's session. Environments and command lines, which anybody can make up, do
 * not count.
 *
 * @returns Undefined for a process of nobody, or one that has ended.
 */
export function ownerOfProcess(pid: number, engine: Pick<Engine, "ownerOf">): Owner | undefined {
  let at = pid;
  for (let count = 0; count < MOST_ANCESTORS && at > 1 && at !== process.pid; count++) {
    const status = processStatus(at);
    if (!status) break;
    const owner = engine.ownerOf(at) ?? engine.ownerOf(status.session) ?? engine.ownerOf(status.processGroup);
    if (owner) return owner;
    at = status.parent;
  }
  return undefined;
}
