/** Whether the daemons of a service are still there. */

import type { ProcessView } from "../../../../compat/openrc/mod.ts";
import type { ServiceStates } from "../states.ts";
import { type DaemonNote, readNotes } from "./notes.ts";
import { pidFileProblem, readPidFile } from "./pid_file.ts";
import { findProcesses, runningStatus } from "./processes.ts";

/** True for a service of which a daemon has ended by itself. */
export function hasCrashed(states: ServiceStates, service: string): boolean {
  const root = states.value(service, "chroot") ?? "";
  return readNotes(states, service).some((note) => !isRunning(note, root));
}

/** The number in its pid file counts, where that is believed; else a daemon is known by its command line. */
function isRunning({ exec, argv, pidFile }: DaemonNote, root: string): boolean {
  if (pidFile !== undefined) {
    const path = root + pidFile, file = readPidFile(path);
    if (file.state !== "read") return false;
    if (pidFileProblem(path, file) === undefined) return runningStatus(file.pid) !== undefined;
  }
  const words = argv.length === 0 && exec !== undefined ? [exec] : argv;
  return words.length > 0 && findProcesses((process) => beginsWith(process, words)).length > 0;
}

function beginsWith({ arguments: given }: ProcessView, words: readonly string[]): boolean {
  return given !== undefined && words.every((word, index) => given[index] === word);
}
