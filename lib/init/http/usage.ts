/** What jobs use of processor and memory, from /proc. */

import { pageSize, processIds, processStatus } from "../../sys/procfs.ts";

/** What some processes use together. */
export interface Usage {
  processes: number;
  /** Seconds, of the processes that are there and of those that they have waited for. */
  cpuTime: number;
  /** Bytes; memory that processes share counts for each of them. */
  residentMemory: number;
}

/** How many processes are read before others get their turn. */
const AT_ONCE = 100;

const PAGE_SIZE = pageSize();

/** The usage of all processes at one time, by session: each process of a job has a session of its own. */
export class ProcessTable {
  readonly #sessions = new Map<number, Usage>();
  readonly #sessionOf = new Map<number, number>();

  /** Reads in slices, so that a machine with thousands of processes does not hold init up. */
  static async read(): Promise<ProcessTable> {
    const table = new ProcessTable();
    let read = 0;
    for (const pid of processIds()) {
      if (++read % AT_ONCE === 0) await new Promise((resolve) => setImmediate(resolve));
      table.#add(pid);
    }
    return table;
  }

  #add(pid: number): void {
    const status = processStatus(pid);
    if (!status) return;
    this.#sessionOf.set(pid, status.session);
    const usage = this.#sessions.get(status.session) ?? { processes: 0, cpuTime: 0, residentMemory: 0 };
    this.#sessions.set(status.session, usage);
    usage.processes++;
    usage.cpuTime += status.cpuTime;
    usage.residentMemory += status.residentPages * PAGE_SIZE;
  }

  /** The usage of these processes and of all that belongs to their sessions. */
  usage(pids: number[]): Usage {
    const sum: Usage = { processes: 0, cpuTime: 0, residentMemory: 0 };
    for (const session of new Set(pids.map((pid) => this.#sessionOf.get(pid)))) {
      const usage = session === undefined ? undefined : this.#sessions.get(session);
      if (!usage) continue;
      sum.processes += usage.processes;
      sum.cpuTime += usage.cpuTime;
      sum.residentMemory += usage.residentMemory;
    }
    return sum;
  }
}
