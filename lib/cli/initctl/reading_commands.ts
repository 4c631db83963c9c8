/** The descriptions of logs and events; the commands themselves are loaded when they are called. */

import { COLOUR, type Option } from "../../model/command_line/options.ts";
import type { CommandGroup } from "./command.ts";

const FOLLOW: Option = { short: "f", long: "follow", help: "go on with what comes, until it is interrupted" };

const LINES: Option = {
  short: "n",
  long: "lines",
  argument: "NUMBER",
  help: "so many of the last, or all; with --follow 10, where it is not given",
};

const SINCE: Option = {
  long: "since",
  argument: "TIME",
  help: "nothing older: 10m, 2h, 3d, 14:30, '2026-11-30 14:30', yesterday",
};

const reading = () => import("./reading/reading.ts");

/** The commands under the heading "History". */
export const readingCommands = (): CommandGroup => ({
  title: "History",
  commands: [
    {
      name: "logs",
      arguments: "[JOB]...",
      summary: "Show what jobs have printed.",
      help:
        "Shows the output of jobs, of all or of those that are named, also by patterns such as 'web*': from their log " +
        "files, rotated and compressed ones too, and from what init keeps in memory, which is there also where there " +
        "are no files. Lines of several jobs are sorted by time, and bear the job's name.\n\n" +
        "On a terminal the time is shown where it is known, and control characters are escaped. Elsewhere lines are as " +
        "they were printed.",
      options: [
        FOLLOW,
        LINES,
        SINCE,
        {
          long: "grep",
          argument: "PATTERN",
          help: "only lines in which this regular expression is found; several times: or another of them",
        },
        COLOUR,
      ],
      examples: ["initctl logs -f web", "initctl logs --since 10min --grep 'error|refused'"],
      isListing: true,
      run: async (invocation) => (await reading()).showLogs(invocation),
    },
    {
      name: "events",
      arguments: "[JOB]...",
      summary: "Show what has happened.",
      help:
        "Shows what init has kept of what has happened: events, requests and who made them, changes of goals and " +
        "states with their causes, processes and how they ended, failures, checks and messages. With JOB, what is " +
        "about these jobs.",
      options: [
        FOLLOW,
        LINES,
        SINCE,
        {
          long: "kind",
          argument: "KIND",
          help: "only records of these kinds (comma-separated), such as event,failed",
        },
        COLOUR,
      ],
      examples: ["initctl events web", "initctl events -f --kind event,failed"],
      isListing: true,
      run: async (invocation) => (await reading()).showEvents(invocation),
    },
  ],
});
