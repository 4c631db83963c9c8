/** Control groups of the tests' own, of either version of the kernel's. */

import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import process from "node:process";
import { sendSignal } from "./processes.ts";

/** The control groups that can count processes, of either version of the kernel's; undefined where there are none. */
export function counting(): string | undefined {
  return ["/sys/fs/cgroup/pids", "/sys/fs/cgroup"].find((root) => {
    try {
      const group = new ControlGroup(root);
      const counts = existsSync(`${group.path}/pids.max`);
      group[Symbol.dispose]();
      return counts;
    } catch {
      return false;
    }
  });
}

/** A control group, which ends with all that is in it. */
export class ControlGroup implements Disposable {
  static #count = 0;
  readonly path: string;

  constructor(root: string) {
    this.path = `${root}/rouse-test-${process.pid}-${ControlGroup.#count++}`;
    mkdirSync(this.path);
  }

  add(pid: number): void {
    writeFileSync(`${this.path}/cgroup.procs`, String(pid));
  }

  /** How many processes and threads there may be. */
  set limit(most: number | "max") {
    writeFileSync(`${this.path}/pids.max`, String(most));
  }

  /** How many processes and threads there are. */
  get threads(): number {
    return Number(readFileSync(`${this.path}/pids.current`, "utf8"));
  }

  get pids(): number[] {
    return readFileSync(`${this.path}/cgroup.procs`, "utf8").split("\n").filter(Boolean).map(Number);
  }

  [Symbol.dispose](): void {
    for (const pid of this.pids) sendSignal(pid, "SIGKILL");
    const deadline = performance.now() + 10_000;
    for (;;) {
      try {
        return rmdirSync(this.path);
      } catch (error) {
        if (performance.now() > deadline) throw error;
      }
    }
  }
}
