/** The resource usage of processes: processor time and memory, from /proc. */

import { pageSize, processIds, processStatus } from "../../sys/process/procfs.ts";

/** The usage of some processes together. */
export interface ResourceUsage {
  processes: number;
  /** Processor time in seconds, of the processes and of the children that they have waited for. */
  cpuTime: number;
  /** Resident memory in bytes. Shared memory counts for each process. */
  residentMemory: number;
}

/** The sum of two. */
export function addUsage(one: ResourceUsage, other: ResourceUsage): ResourceUsage {
  return {
    processes: one.processes + other.processes,
    cpuTime: one.cpuTime + other.cpuTime,
    residentMemory: one.residentMemory + other.residentMemory,
  };
}

const NOTHING: ResourceUsage = { processes: 0, cpuTime: 0, residentMemory: 0 };

/** How many processes are read before other work gets its turn. */
const READ_AT_ONCE = 100;

const PAGE_SIZE = pageSize();

/** The usage of all processes, by session: each process of a job has a session of its own. */
export class ProcessTable {
  readonly #sessions = new Map<number, ResourceUsage>();
  readonly #sessionOf = new Map<number, number>();

  /** Reads /proc, in slices: on a machine with thousands of processes other work would wait too long. */
  static async read(): Promise<ProcessTable> {
    const table = new ProcessTable();
    let read = 0;
    for (const pid of processIds()) {
      if (++read % READ_AT_ONCE === 0) await new Promise((resolve) => setImmediate(resolve));
      table.#add(pid);
    }
    return table;
  }

  #add(pid: number): void {
    const status = processStatus(pid);
    if (!status) return;
    this.#sessionOf.set(pid, status.session);
    const { session, cpuTime, residentPages } = status;
    const usage = { processes: 1, cpuTime, residentMemory: residentPages * PAGE_SIZE };
    this.#sessions.set(session, addUsage(this.#sessions.get(session) ?? NOTHING, usage));
  }

  /** The usage of all processes in the sessions of these processes. */
  usage(pids: number[]): ResourceUsage {
    const sessions = new Set(pids.flatMap((pid) => this.#sessionOf.get(pid) ?? []));
    return Array.from(sessions, (session) => this.#sessions.get(session)!).reduce(addUsage, NOTHING);
  }
}
