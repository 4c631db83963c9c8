/** Which daemon is meant: the processes, and the number in its pid file. */

import { isOpenrcMatch, type OpenrcCriteria } from "../../../../compat/openrc/mod.ts";
import { findProcesses, runningStatus } from "../../../config/openrc/daemons/processes.ts";
import { isUntrustedLink, pidFileProblem, readPidFile } from "../../../config/openrc/daemons/pid_file.ts";
import type { ProcessStatus } from "../../../sys/process/procfs.ts";
import { errorReason } from "../../../sys/call/errno.ts";
import { writeAll } from "../../../sys/io/write_all.ts";
import type { OpenrcMessages } from "../messages.ts";
import { ToolError } from "../tool.ts";

/** A daemon: a number counts alone. */
export interface DaemonTarget extends OpenrcCriteria {
  /** The number in its pid file; undefined, 0 and below: it is looked for. */
  pid?: number | undefined;
}

/** The processes of a daemon. */
export function processesOf(target: DaemonTarget): ProcessStatus[] {
  const { pid } = target;
  if (pid === undefined || pid <= 0) return findProcesses((process) => isOpenrcMatch(process, target));
  const status = runningStatus(pid);
  return status ? [status] : [];
}

/** The number of no process. */
export const NO_PID = -1;

/**
 * The number in a pid file; {@link NO_PID} where it has none.
 * @param mustBeRead True: a file that cannot be read, or is not believed, is an error; else it counts as none
 * @throws {ToolError}
 */
export function believedPid(
  path: string,
  name: string,
  messages: OpenrcMessages,
  mustBeRead: boolean,
): number {
  const file = readPidFile(path);
  if (file.state === "unreadable") {
    const problem = `${name}: fopen \`${path}': ${errorReason(file.error)}`;
    if (mustBeRead && file.error.code !== "ENOENT") throw new ToolError(problem);
    warnVerbosely(messages, problem);
    return NO_PID;
  }
  if (file.state === "garbage") {
    warnVerbosely(messages, `${name}: no pid found in \`${path}'`);
    return NO_PID;
  }
  const problem = isUntrustedLink(path, file.isLink)
    ? "somebody else could have made the link"
    : pidFileProblem(path, file);
  if (problem === undefined) return file.pid;
  if (!mustBeRead) return NO_PID;
  throw new ToolError(`${name}: pid file \`${path}' is not believed: ${problem}`);
}

/** A warning for whoever wants to know more; its line ends on the standard output, as it always has. */
function warnVerbosely(messages: OpenrcMessages, text: string): void {
  if (!messages.isVerbose) return;
  messages.openWarning(text);
  writeAll(1, "\n");
}
