/**
 * The main processes that are no children of init's, such as one that a service names itself: the kernel tells their end by
 * a descriptor (pidfd_open(2)), but not how they ended.
 */

import process from "node:process";
import type { Exit } from "../../model/exit.ts";
import { watchProcess } from "../../sys/process/pidfd.ts";
import { processStatus } from "../../sys/process/procfs.ts";
import type { Part } from "../parts/part.ts";

/** What init knows of processes, and does when one has ended. */
interface ForeignListener {
  /** True while it is the main process of an instance. */
  isMain(pid: number): boolean;
  /** Takes up the ends of children. */
  reap(): void;
  /** A main process has ended that was no child. */
  ended(pid: number, exit: Exit): void;
}

/** How a process is taken to have ended whose exit status only its parent knows. */
const UNKNOWN: Exit = { status: 0 };

/** What is saved of {@link ForeignProcesses}: the processes that are watched. */
export type SavedForeign = number[];

/** The processes that are watched. */
export class ForeignProcesses implements Part<SavedForeign> {
  readonly #watched = new Map<number, () => void>();

  constructor(private readonly listener: ForeignListener) {}

  /**
   * Watches a main process, unless it is a child of init's.
   * @throws {SystemError} where the kernel has no descriptors of processes.
   */
  watch(pid: number): void {
    this.#forgetOthers();
    if (this.#watched.has(pid) || !this.listener.isMain(pid) || isChild(pid)) return;
    const end = watchProcess(pid, () => this.#ended(pid));
    if (end) this.#watched.set(pid, end);
    else this.#ended(pid);
  }

  /** Ends the watch of processes that are no main processes any more. */
  #forgetOthers(): void {
    for (const [pid, end] of this.#watched) {
      if (this.listener.isMain(pid)) continue;
      end();
      this.#watched.delete(pid);
    }
  }

  #ended(pid: number): void {
    this.#watched.delete(pid);
    // It may have become init's child since: then it is reaped, and its exit is known.
    this.listener.reap();
    if (this.listener.isMain(pid)) this.listener.ended(pid, UNKNOWN);
  }

  /** Ends all watches. */
  close(): void {
    for (const end of this.#watched.values()) end();
    this.#watched.clear();
  }

  save(): SavedForeign {
    return [...this.#watched.keys()];
  }

  restore(saved: SavedForeign): void {
    for (const pid of saved) this.watch(pid);
  }
}

function isChild(pid: number): boolean {
  return processStatus(pid)?.parent === process.pid;
}
