/** The set-up of the jobs' output, by the options and the role of init. */

import * as fs from "node:fs";
import { COMMAND_JOB } from "./command_job.ts";
import type { Messages } from "./logs/messages.ts";
import { logDirectory } from "./host/directories.ts";
import type { InitOptions } from "./options/option_table.ts";
import { JobOutput, type JobOutputOptions } from "./logs/job_output.ts";
import type { StandardStreams } from "./logs/standard_streams.ts";
import type { Role } from "./host/role.ts";
import { ROLE_DEFAULTS } from "./host/role_defaults.ts";
import { unlessRefused } from "../sys/call/refused.ts";

/** Sets up the output of all jobs. */
export function setUpJobOutput(
  options: InitOptions,
  role: Role,
  streams: StandardStreams,
  messages: Messages,
): JobOutput {
  const standardStreamsAreConsole = ROLE_DEFAULTS[role].standardStreamsAreConsole ||
    options.logFormat !== undefined;
  return new JobOutput({
    ...logs(options, role),
    ...(options.logTime && { logTime: true }),
    ...(options.logRotate && { rotation: options.logRotate }),
    streams,
    ...(standardStreamsAreConsole && { standard: streams }),
    ...(options.command && { foreground: COMMAND_JOB }),
    onProblem: (message) => messages.log("warn", message),
    onFault: (error) => messages.fault("the output of jobs", error),
  });
}

/** The directory of logs, if there is one. In a container it may have to be made. */
function logs(options: InitOptions, role: Role): Pick<JobOutputOptions, "directory" | "missingDirectory"> {
  const directory = logDirectory(options);
  if (directory === undefined) return {};
  if (role !== "container" || options.logdir !== undefined) return { directory };
  return unlessRefused(() => {
    fs.mkdirSync(directory, { recursive: true });
    fs.accessSync(directory, fs.constants.W_OK);
    return { directory };
  }, () => ({ missingDirectory: directory }));
}
