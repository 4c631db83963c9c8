/** Where jobs print to, as the command line and the place have it. */

import * as fs from "node:fs";
import { COMMAND_JOB } from "./command.ts";
import type { Messages } from "./messages.ts";
import { logDirectory, type Options, PLACE_DEFAULTS } from "./options.ts";
import { JobOutput, type JobOutputOptions } from "./output/output.ts";
import type { StandardStreams } from "./output/standard.ts";
import type { Place } from "./place.ts";

/** The output of all jobs. */
export function openOutput(
  options: Options,
  place: Place,
  streams: StandardStreams,
  messages: Messages,
): JobOutput {
  const ownStreams = PLACE_DEFAULTS[place].ownStreams || options.logFormat !== undefined;
  return new JobOutput({
    ...logs(options, place),
    ...(options.logTime && { logTime: true }),
    ...(ownStreams && { standard: streams }),
    ...(options.command && { foreground: COMMAND_JOB }),
    onProblem: (message) => messages.tell("warn", message),
  });
}

/** Where logs go, if anywhere. A container's directory may have to be made. */
function logs(options: Options, place: Place): Pick<JobOutputOptions, "directory" | "missingDirectory"> {
  const directory = logDirectory(options);
  if (directory === undefined) return {};
  if (place !== "container" || options.logdir !== undefined) return { directory };
  try {
    fs.mkdirSync(directory, { recursive: true });
    fs.accessSync(directory, fs.constants.W_OK);
    return { directory };
  } catch {
    return { missingDirectory: directory };
  }
}
