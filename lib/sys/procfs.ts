/** What /proc knows of processes (proc(5)). */

/** A process as its `stat` file tells it. */
export interface ProcessStatus {
  pid: number;
  /** The program's file name, cut at 15 characters. */
  command: string;
  /** `R`, `S`, `D`, `Z`, `T`, … */
  state: string;
  parent: number;
  processGroup: number;
  session: number;
  /** Clock ticks since boot; with the pid it tells processes apart that had the same pid. */
  startTime: number;
}

/** The status of a process; undefined when it is gone. */
export function processStatus(_pid: number): ProcessStatus | undefined {
  throw new Error("not yet");
}

/** The pids of a process's children, zombies included. */
export function childrenOf(_pid: number): number[] {
  throw new Error("not yet");
}

/** All processes of a session. */
export function processesOfSession(_session: number): ProcessStatus[] {
  throw new Error("not yet");
}
