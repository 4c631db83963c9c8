/** The job `main` of `rouse run`. */

import { emptyJob, type JobDefinition } from "../model/job.ts";

/** The name of the job that a command line defines. */
export const COMMAND_JOB = "main";

/** What is known of the command. */
export interface Command {
  words: string[];
  /** The event that starts it unless its file says something else; absent: nothing does. */
  startupEvent?: string | undefined;
  /** Seconds that it has to stop. */
  killTimeout: number;
}

/**
 * The definition of the job: what the configuration says of a job of that name, if it does, with the command as its
 * main process.
 */
export function commandJob(
  { words, startupEvent, killTimeout }: Command,
  configured?: JobDefinition,
): JobDefinition {
  const base: JobDefinition = configured ??
    { ...emptyJob(COMMAND_JOB, "command line"), killTimeout, console: "output" };
  const startup = startupEvent !== undefined && !base.startOn;
  return {
    ...base,
    ...(startup && { startOn: { kind: "event", name: startupEvent, matches: [] } }),
    endsInit: true,
    processes: {
      ...base.processes,
      // The words are what they are: a dollar sign stands for itself.
      main: { kind: "arguments", words: words.map((word) => word.replaceAll("$", "${}")) },
    },
  };
}
