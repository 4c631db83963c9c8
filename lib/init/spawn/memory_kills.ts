/** The kills of the kernel for lack of memory: told from those by others, by counters that the kernel keeps. */

import { readFileSync } from "node:fs";
import { ifAllowed } from "../../sys/call/refused.ts";
import type { Part } from "../parts/part.ts";
import { cgroupDirectory, cgroupOf, type CgroupTree, cgroupTree } from "../../sys/machine/cgroups.ts";

/** How long after a kill was counted an end is put down to it, in ms. One kill may take several processes. */
const SPAN = 1000;

/** A counter as it was last read. */
interface Counter {
  kills: number;
  /** When it was seen to have grown. */
  grown: number;
}

/** What is saved of {@link MemoryKills}: the counters by their files, and how long ago each was seen to have grown, in ms. */
export type SavedMemoryKills = Array<[file: string, kills: number, age: number | null]>;

/** Counts kills for lack of memory. */
export class MemoryKills implements Part<SavedMemoryKills> {
  readonly #counters = new Map<string, Counter>();
  /** It is asked for whenever a process was killed, and the list of mounts may be long. */
  #tree: CgroupTree | undefined;

  constructor(private readonly now: () => number = () => performance.now()) {
    // What was before is of no concern.
    const file = this.#commonFile();
    this.#counters.set(file, { kills: killsIn(file), grown: -Infinity });
  }

  /** To be called when a group was made or removed: another one of the same directory counts from zero. */
  forget(group: string): void {
    this.#counters.delete(eventsOf(group));
  }

  /**
   * True when the kernel has just killed for lack of memory.
   * @param groups The directories of the control groups that the process was in; none: it was in init's own
   */
  hasJustKilled(groups: readonly string[]): boolean {
    const files = groups.length > 0 ? groups.map(eventsOf) : [this.#commonFile()];
    return files.map((file) => this.#hasGrown(file)).includes(true);
  }

  save(): SavedMemoryKills {
    const now = this.now();
    return Array.from(
      this.#counters,
      ([file, { kills, grown }]) => [file, kills, Number.isFinite(grown) ? now - grown : null],
    );
  }

  restore(saved: SavedMemoryKills): void {
    const now = this.now();
    for (const [file, kills, age] of saved) {
      this.#counters.set(file, { kills, grown: age === null ? -Infinity : now - age });
    }
  }

  #hasGrown(file: string): boolean {
    // Groups of jobs are made when the job starts.
    const before = this.#counters.get(file) ?? { kills: 0, grown: -Infinity };
    const kills = killsIn(file), now = this.now();
    const counter = { kills, grown: kills > before.kills ? now : before.grown };
    this.#counters.set(file, counter);
    return now - counter.grown <= SPAN;
  }

  /** The counters of init's own group; of the whole machine where that has none, as a tree's first. */
  #commonFile(): string {
    const tree = this.#tree ??= cgroupTree(), own = cgroupOf("self");
    const file = tree && own !== undefined ? eventsOf(cgroupDirectory(tree, own)) : undefined;
    return file !== undefined && ifAllowed(() => readFileSync(file)) ? file : "/proc/vmstat";
  }
}

/** The counters of a group, those below it included (cgroups(7)). */
function eventsOf(group: string): string {
  return `${group}/memory.events`;
}

/** The kernel has the same name for it in both files. */
function killsIn(file: string): number {
  return Number(/^oom_kill (\d+)$/m.exec(ifAllowed(() => readFileSync(file, "latin1")) ?? "")?.[1] ?? 0);
}
