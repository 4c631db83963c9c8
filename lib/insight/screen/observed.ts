/** What a client sees of jobs' processes in /proc, beside what init tells: plain JSON. */

/** A process, below the one that has started it. */
export interface ObservedProcess {
  pid: number;
  /** How deep it stands in the tree: 0 for a process of the job itself. */
  depth: number;
  /** Its name in the job, such as `main`; absent for descendants. */
  name?: string;
  /** Its command line, without control characters. */
  command: string;
  /** Seconds of processor time, those of its ended children included. */
  cpuTime: number;
  /** The resident memory in bytes, what it shares with others included. */
  memory: number;
}

/** How much of a limit is used. */
export interface LimitUse {
  /** What is limited, in words, such as `open files`. */
  what: string;
  /** The process that it is about; absent where it is about all. */
  pid?: number;
  used: number;
  limit: number;
  /** True for bytes. */
  isSize?: true;
}

/** What is seen of an instance. */
export interface ObservedInstance {
  job: string;
  instance: string;
  processes: ObservedProcess[];
  /** Sums over the processes. */
  cpuTime: number;
  memory: number;
  /** Where they listen, such as `tcp 127.0.0.1:8080`, `unix /run/x.sock`. Only looked at for `status`. */
  sockets?: string[];
  /** Limits that are nearly reached. Only looked at for `status`. */
  limits?: LimitUse[];
}
