/** The watch over the memory that instances use (`restart above memory`): one timer for all of them. */

import * as fs from "node:fs";
import { formatSize } from "../../model/checks/size.ts";
import { ifAllowed } from "../../sys/call/refused.ts";
import { cgroupDirectory, cgroupOf, cgroupTree, isWithinCgroup } from "../../sys/machine/cgroups.ts";
import { ProcessTable } from "../ops/process_usage.ts";
import type { CheckListener } from "./schedule.ts";

/** The time between two samples, in ms. */
const PERIOD = 5000;

/** An instance that is watched. */
export interface WatchedInstance {
  /** Its ceiling, in bytes. */
  above: number;
  /** The processes that it has now. */
  pids(): number[];
  /** Whether its job has control groups of its own. */
  hasGroup: boolean;
  listener: CheckListener;
}

/** The instances that are watched, by number. */
export class MemoryWatch {
  readonly #instances = new Map<number, WatchedInstance>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isSampling = false;

  constructor(private readonly period = PERIOD) {}

  start(number: number, instance: WatchedInstance): void {
    this.#instances.set(number, instance);
    this.#wait();
  }

  stop(number: number): void {
    this.#instances.delete(number);
    if (this.#instances.size > 0) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #wait(): void {
    if (this.#isSampling || this.#instances.size === 0) return;
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      void this.#sample();
    }, this.period);
  }

  async #sample(): Promise<void> {
    this.#isSampling = true;
    try {
      const grouped = new Map<number, number>();
      for (const [number, { hasGroup, pids }] of this.#instances) {
        const used = hasGroup ? groupMemory(pids()[0]) : undefined;
        if (used !== undefined) grouped.set(number, used);
      }
      const table = grouped.size < this.#instances.size ? await ProcessTable.read() : undefined;
      for (const [number, { above, pids, listener }] of [...this.#instances]) {
        const used = grouped.get(number) ?? table?.usage(pids()).residentMemory ?? 0;
        // What was told of another instance may have stopped this one.
        if (used > above && this.#instances.has(number)) listener.failed(reason(used, above));
      }
    } finally {
      this.#isSampling = false;
      this.#wait();
    }
  }
}

function reason(used: number, above: number): string {
  return `it uses ${Math.round(used / (1 << 20))} MB of memory, and may use ${formatSize(above)}`;
}

/**
 * The memory of the control group that a process is in, as the kernel counts it, without the files that it can drop at any
 * time. Undefined where the group is init's own or one around it, or memory is not counted there.
 */
function groupMemory(pid: number | undefined): number | undefined {
  const group = pid === undefined ? undefined : cgroupOf(pid), own = cgroupOf("self"), tree = cgroupTree();
  if (group === undefined || own === undefined || !tree || isWithinCgroup(own, group)) return undefined;
  const directory = cgroupDirectory(tree, group);
  return ifAllowed(() => {
    const current = Number(fs.readFileSync(`${directory}/memory.current`, "utf8"));
    const files = /^inactive_file (\d+)$/m.exec(fs.readFileSync(`${directory}/memory.stat`, "utf8"))?.[1];
    return current - Number(files ?? 0);
  });
}
