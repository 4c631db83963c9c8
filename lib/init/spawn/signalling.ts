/** Signals to the processes of jobs. */

import { SystemError } from "../../sys/call/errno.ts";
import { kill, processGroup } from "../../sys/process/processes.ts";
import type { Messages } from "../logs/messages.ts";

/** Sends a signal to a process, or with `group` to its whole group. A failure is logged. */
export function signalProcess(
  pid: number,
  signal: number,
  group: boolean,
  messages: Pick<Messages, "log">,
): void {
  try {
    kill(group ? groupOf(pid) ?? pid : pid, signal);
  } catch (error) {
    if (!(error instanceof SystemError)) throw error;
    messages.log("warn", error.message);
  }
}

/** The process group, as kill(2) takes it. Undefined for init's own, which must not get the signal. */
function groupOf(pid: number): number | undefined {
  const group = processGroup(pid);
  return group === undefined || group <= 1 || group === processGroup(0) ? undefined : -group;
}
