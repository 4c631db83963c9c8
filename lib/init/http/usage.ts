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

/** Both together. */
export function add(one: Usage, other: Usage): Usage {
  return {
    processes: one.processes + other.processes,
    cpuTime: one.cpuTime + other.cpuTime,
    residentMemory: one.residentMemory + other.residentMemory,
  };
}

const NOTHING: Usage = { processes: 0, cpuTime: 0, residentMemory: 0 };

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
    const { session, cpuTime, residentPages } = status;
    const usage = { processes: 1, cpuTime, residentMemory: residentPages * PAGE_SIZE };
    this.#sessions.set(session, add(this.#sessions.get(session) ?? NOTHING, usage));
  }

  /** The usage of these processes and of all that belongs to their sessions. */
  usage(pids: number[]): Usage {
    const sessions = new Set(pids.flatMap((pid) => this.#sessionOf.get(pid) ?? []));
    return Array.from(sessions, (session) => this.#sessions.get(session)!).reduce(add, NOTHING);
  }
}
