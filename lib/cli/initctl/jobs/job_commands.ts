/** The commands on jobs, as a table. */

import { COLOUR } from "../../../model/command_line/options.ts";
import { type CommandGroup, JOBS, LONG, noWait } from "../command.ts";
import { change, reload, reset } from "./changes.ts";
import { list, LIST_OPTIONS, ps, status, TABLE_OPTIONS } from "./listings.ts";

const JOB_ARGUMENTS = "JOB [KEY=VALUE]...";

const INSIDE = "Without JOB, inside a job's own process, the command is about that job's instance.";

/** The commands under the heading "Job". */
export const jobCommands = (): CommandGroup => ({
  title: "Job",
  commands: [
    {
      name: "start",
      arguments: JOB_ARGUMENTS,
      summary: "Start job.",
      help:
        "Starts an instance of JOB. The variables go into the environment of its processes, and those that " +
        `its instance name mentions tell which instance it is.\n\n${INSIDE}`,
      options: [noWait("job to be up"), JOBS],
      examples: ["initctl start web", "initctl start tty N=1"],
      run: change("Start"),
    },
    {
      name: "stop",
      arguments: JOB_ARGUMENTS,
      summary: "Stop job.",
      help:
        "Stops the instance of JOB that the variables name. They are seen by its pre-stop and post-stop " +
        `processes.\n\nWith --force, which is rouse's own, whatever runs of it is killed at once, a hook that hangs among it.\n\n${INSIDE}`,
      options: [
        noWait("job to be down"),
        { short: "f", long: "force", help: "wait for nothing: kill whatever runs of the job" },
        JOBS,
      ],
      examples: ["initctl stop web", "initctl stop --jobs 'web*' api"],
      run: change("Stop"),
    },
    {
      name: "restart",
      arguments: JOB_ARGUMENTS,
      summary: "Restart job.",
      help:
        "Stops the instance of JOB that the variables name, and starts it again with the definition that it " +
        `had.\n\n${INSIDE}`,
      options: [noWait("job to be up again"), JOBS],
      examples: ["initctl restart web"],
      run: change("Restart"),
    },
    {
      name: "reset",
      arguments: JOB_ARGUMENTS,
      summary: "Forget the failures of job, or its success.",
      help:
        "Forgets how often the instance of JOB has failed, and that JOB has succeeded, if it is a task. A respawn that " +
        `is delayed begins at once. The command is rouse's own.\n\n${INSIDE}`,
      examples: ["initctl reset web"],
      run: reset,
    },
    {
      name: "reload",
      arguments: JOB_ARGUMENTS,
      summary: "Send the reload signal to job.",
      help:
        `Sends HUP, or what JOB's \`reload signal' says, to the main process of the instance.\n\n${INSIDE}`,
      examples: ["initctl reload web"],
      run: reload,
    },
    {
      name: "status",
      arguments: JOB_ARGUMENTS,
      summary: "Show the status of job.",
      help: `Prints goal, state and processes of the instance that the variables name.\n\n${INSIDE}`,
      options: [
        LONG,
        JOBS,
        { long: "exit-code", help: "exit with 3 where it is not up, and with 4 where there is no such job" },
        COLOUR,
      ],
      examples: ["initctl status --long web", "initctl status tty N=1"],
      isListing: true,
      run: status,
    },
    {
      name: "list",
      summary: "Show the status of all jobs.",
      help: "Prints a line for each instance, and one for each job that has none.",
      options: LIST_OPTIONS,
      examples: ["initctl list --failed", "initctl list --jobs 'web*' --sort memory"],
      isListing: true,
      run: list,
    },
    {
      name: "ps",
      arguments: "[JOB]...",
      summary: "Show what runs.",
      help:
        "Shows the instances that have processes, with what these take: of all jobs, or of those that are named, also by " +
        "patterns such as 'web*'. The command is rouse's own.",
      options: TABLE_OPTIONS,
      examples: ["initctl ps", "initctl ps 'web*' --watch"],
      isListing: true,
      run: ps,
    },
  ],
});
