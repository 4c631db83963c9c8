/** What this machine's /proc shows of jobs' processes. */

import { readFileSync } from "node:fs";
import { ProcessForest } from "../../../insight/screen/process_tree.ts";
import type { LimitUse, ObservedInstance } from "../../../insight/screen/observed.ts";
import type { InstanceReport } from "../../../model/insight/report.ts";
import { ifAllowed } from "../../../sys/call/refused.ts";
import { cgroupDirectory, cgroupOf, cgroupTree } from "../../../sys/machine/cgroups.ts";
import {
  commandLineOf,
  descriptorLimitOf,
  openDescriptors,
  pageSize,
  processes,
} from "../../../sys/process/procfs.ts";
import { listeningSockets } from "../../../sys/process/sockets.ts";
import { BegunProcesses } from "./left_behind.ts";

/** From which share on a limit is nearly reached. */
const NEAR = 0.8;

/** A look at all processes. */
export class Observer {
  readonly #forest: ProcessForest | undefined;
  readonly #pageSize: number;
  readonly #begun: BegunProcesses | undefined;

  /**
   * @param init Its process; undefined where its numbers of processes are not this namespace's: then nothing is seen.
   * @param isWhole True: sockets and limits are looked at, too.
   */
  constructor(init: number | undefined, private readonly isWhole: boolean) {
    const all = init === undefined ? undefined : ifAllowed(processes);
    this.#forest = all && new ProcessForest(all);
    this.#pageSize = all ? pageSize() : 0;
    this.#begun = init === undefined ? undefined : new BegunProcesses(init);
  }

  /** The processes that were begun as an instance of a job, or by what was, each in a few words. */
  leftBehind(job: string, instance: string): string[] {
    const pids = this.#begun?.of(job, instance) ?? [];
    return pids.map((pid) => `process ${pid}: ${commandLineOf(pid).join(" ")}`);
  }

  /** What is seen of an instance; undefined where none of its processes is. */
  observe(job: string, { name: instance, processes: known }: InstanceReport): ObservedInstance | undefined {
    const tree = this.#forest?.treeOf(known.map(({ pid }) => pid)) ?? [];
    if (tree.length === 0) return undefined;
    const processes = tree.map(({ status, depth }) => {
      const name = known.find(({ pid }) => pid === status.pid)?.name;
      return {
        pid: status.pid,
        depth,
        ...name !== undefined && { name },
        // A zombie and a kernel thread have a name alone.
        command: commandLineOf(status.pid).join(" ") || `[${status.command}]`,
        cpuTime: status.cpuTime,
        memory: status.residentPages * this.#pageSize,
      };
    });
    const pids = processes.map(({ pid }) => pid);
    return {
      job,
      instance,
      processes,
      cpuTime: processes.reduce((sum, { cpuTime }) => sum + cpuTime, 0),
      memory: processes.reduce((sum, { memory }) => sum + memory, 0),
      ...this.isWhole && { sockets: listeningSockets(pids), limits: limitsOf(pids) },
    };
  }
}

/** A limit, as far as it is known. */
type KnownUse = Omit<LimitUse, "used" | "limit"> & { used: number | undefined; limit: number | undefined };

/** The limits that are nearly reached. */
function limitsOf(pids: readonly number[]): LimitUse[] {
  const files = pids.map((pid): KnownUse => ({
    what: "open files",
    pid,
    used: openDescriptors(pid),
    limit: descriptorLimitOf(pid),
  }));
  return [...files, ...groupLimits(pids[0]!)].flatMap(({ used, limit, ...rest }) =>
    used !== undefined && limit !== undefined && used >= NEAR * limit ? [{ ...rest, used, limit }] : []
  );
}

/** A limit of a control group: the files with what is used, and with the limit. */
const GROUP_LIMITS = [
  { what: "memory of its control group", used: "memory.current", limit: "memory.max", isSize: true },
  { what: "processes of its control group", used: "pids.current", limit: "pids.max", isSize: false },
] as const;

/** The limits of the control group that a process is in, unless this process is in it, too. */
function groupLimits(pid: number): KnownUse[] {
  const tree = cgroupTree(), group = cgroupOf(pid);
  if (!tree || group === undefined || group === cgroupOf("self")) return [];
  const directory = cgroupDirectory(tree, group);
  return GROUP_LIMITS.map(({ what, used, limit, isSize }) => ({
    what,
    used: figureIn(`${directory}/${used}`),
    limit: figureIn(`${directory}/${limit}`),
    ...isSize && { isSize },
  }));
}

/** The number in a file; undefined where there is none, as in one that says `max`. */
function figureIn(path: string): number | undefined {
  const text = ifAllowed(() => readFileSync(path, "latin1"))?.trim() ?? "";
  return /^\d+$/.test(text) ? Number(text) : undefined;
}
