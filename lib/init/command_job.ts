/** The job `main`, which runs the command of `rouse run`. */

import { emptyJob, type JobDefinition, withDefaultsOf } from "../model/job.ts";

/** The name of the job. */
export const COMMAND_JOB = "main";

/** The command, and how it is started and stopped. */
interface CommandLine {
  words: string[];
  /** The event that starts it, unless its file has a start condition. Absent: none does. */
  startupEvent?: string | undefined;
  /** How long it may take to stop, in seconds. */
  killTimeout: number;
}

/** The definition of the job where there is no file for it. */
export function defaultCommandJob({ killTimeout }: CommandLine): JobDefinition {
  return { ...emptyJob(COMMAND_JOB, "command line"), killTimeout, console: "output" };
}

/** The definition of the job: the configured one, with the command as its main process. */
export function commandJob({ words, startupEvent }: CommandLine, configured: JobDefinition): JobDefinition {
  const startup = startupEvent !== undefined && !configured.startOn;
  return {
    ...withDefaultsOf(configured, { endsInit: true }),
    ...(startup && { startOn: { kind: "event", name: startupEvent, matches: [] } }),
    processes: {
      ...configured.processes,
      // Variables are not expanded: a dollar sign stands for itself.
      main: { kind: "arguments", words: words.map((word) => word.replaceAll("$", "${}")) },
    },
  };
}
