/** What was recorded of SysV's init: inittabs, and steps that act or look at something. */

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** A command. `once`: it changes something. Else it is run again until it prints what was recorded. */
export interface CommandStep {
  run?: string[];
  /** A line of shell, in its place. */
  sh?: string;
  exit?: number;
  stdout?: string;
  /** Of a command that is run once. Absent where that is of no interest. */
  stderr?: string;
  once?: boolean;
}

/** What is in /trace. */
export interface TraceStep {
  trace: string[];
  sort?: boolean;
  unique?: boolean;
}

/** A step. Those that look at something wait until it is as recorded. */
export type InittabStep =
  | { boot: string[]; environment?: Record<string, string> }
  | CommandStep & { run: string[] }
  | CommandStep & { sh: string }
  | { traced: string }
  | { lines: number }
  | TraceStep
  | { console: string }
  | { type: string }
  | { signal: string }
  | { request: { cmd: number; data?: string } }
  | { write: string; text: string }
  | { exists: string; is: boolean }
  /** Whether init has the control FIFO open. */
  | { listening: boolean }
  | { utmp: string; records: string[][] };

/** A recorded case. */
export interface InittabCase {
  about: string;
  /** The lines of /etc/inittab. */
  inittab?: string[];
  /** Programs and other files by their paths. */
  files?: Record<string, string>;
  /** False: there are no files of records. */
  utmp?: boolean;
  steps: InittabStep[];
}

/** All recorded cases, by name. */
export function recordedCases(): Array<[name: string, recorded: InittabCase]> {
  const directory = join(import.meta.dirname!, "inittab_cases");
  return readdirSync(directory).sort().map((file) => [
    file.replace(".json", ""),
    JSON.parse(readFileSync(join(directory, file), "utf8")),
  ]);
}
