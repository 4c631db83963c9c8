/** The standard streams of one process (init(5), `console`), as the spawner gets them. */

import type { Console, JobDefinition } from "../../model/job.ts";

/** The standard streams of one process. */
export interface ProcessOutput {
  /** The child's descriptors 0, 1 and 2, for the spawn description. */
  readonly descriptors: Record<number, number>;
  /** `console owner`: the child takes its descriptor 0 as its controlling terminal. */
  readonly controllingTerminal: boolean;
  /** True: the child stays in init's session, and is the foreground process of its terminal. */
  readonly foreground?: boolean;
  /** The number of the channel that it is read from, if it is: `JobOutput.drain` does the same as `ended`. */
  readonly channel?: number;
  /** Closes init's copies. To be called after the spawn, whether it succeeded or not. */
  spawned(): void;
  /**
   * Reads the rest of the output. To be called when the process has been reaped, before clients learn of it: then all that
   * it printed is in its log. The output of its children is logged until the last of them exits.
   */
  ended(): void;
}

/** The console of a job's processes. A job that says where its output goes has it read. */
export function consoleOf({ console, logTo }: JobDefinition, usual: Console): Console {
  return console ?? (logTo ? "log" : usual);
}

/** One descriptor for all three streams. */
export function unlogged(descriptor: number): ProcessOutput {
  return {
    descriptors: { 0: descriptor, 1: descriptor, 2: descriptor },
    controllingTerminal: false,
    spawned: () => {},
    ended: () => {},
  };
}
