/** The tree of a job's processes, made of what /proc shows. */

import type { ProcessStatus } from "../../sys/process/procfs.ts";

/** A process in the tree, 0 deep where it is none's child in it. */
interface TreeProcess {
  status: ProcessStatus;
  depth: number;
}

/** All processes of a machine, ready for looking up. */
export class ProcessForest {
  readonly #byPid: ReadonlyMap<number, ProcessStatus>;
  readonly #children: Map<number, ProcessStatus[]>;
  readonly #sessions: Map<number, ProcessStatus[]>;

  constructor(all: readonly ProcessStatus[]) {
    this.#byPid = new Map(all.map((status) => [status.pid, status]));
    this.#children = Map.groupBy(all, ({ parent }) => parent);
    this.#sessions = Map.groupBy(all, ({ session }) => session);
  }

  /**
   * The processes of an instance, parents before their children: those that init knows, their descendants, and what else
   * is in their sessions: each of a job's processes has one of its own.
   */
  treeOf(pids: readonly number[]): TreeProcess[] {
    const tree: TreeProcess[] = [], seen = new Set<number>();
    const visit = (status: ProcessStatus, depth: number): void => {
      if (seen.has(status.pid)) return;
      seen.add(status.pid);
      tree.push({ status, depth });
      for (const child of this.#children.get(status.pid) ?? []) visit(child, depth + 1);
    };
    const known = pids.flatMap((pid) => this.#byPid.get(pid) ?? []);
    for (const status of known) visit(status, 0);
    for (const { pid, session } of known) {
      // One that shares its session, as with init's own, is not alone in it.
      if (session !== pid) continue;
      for (const status of this.#sessions.get(session) ?? []) {
        if (!seen.has(status.parent)) visit(status, 0);
      }
    }
    return tree;
  }
}
