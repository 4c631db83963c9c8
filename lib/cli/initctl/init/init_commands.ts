/** The commands on init itself, and on a user's sessions. */

import { JOB_INTERFACE, MANAGER_INTERFACE, MANAGER_PATH } from "../../../control/names.ts";
import type { CommandGroup, InitctlCommand, Invocation } from "../command.ts";
import { configurationCommands } from "./configuration_commands.ts";
import { UsageError } from "../../../model/command_line/usage_error.ts";

/**
 * A command that calls one method of the manager.
 * @param missing the name of the method's only argument, for the error message. Without it, the method takes none.
 */
function calling(member: string, missing?: string): InitctlCommand["run"] {
  return async ({ args: [argument], client }) => {
    if (missing !== undefined && argument === undefined) throw new UsageError(`missing ${missing}`);
    const [signature, body] = missing === undefined ? ["", []] : ["s", [argument]];
    await (await client()).call(MANAGER_PATH, MANAGER_INTERFACE, member, signature, body);
  };
}

async function logPriority({ args: [given], client, say, tell }: Invocation): Promise<void> {
  const init = await client();
  if (given !== undefined) return await init.set(MANAGER_PATH, MANAGER_INTERFACE, "log_priority", given);
  const priority = await init.get(MANAGER_PATH, MANAGER_INTERFACE, "log_priority") as string;
  say(priority);
  tell({ priority });
}

async function usage({ args, environment, client, say, tell }: Invocation): Promise<void> {
  const { UPSTART_JOB, UPSTART_INSTANCE } = environment;
  const name = args[0] ?? (UPSTART_INSTANCE === undefined ? undefined : UPSTART_JOB);
  if (name === undefined) throw new UsageError("missing job name");
  const init = await client();
  const [path] = await init.call(MANAGER_PATH, MANAGER_INTERFACE, "GetJobByName", "s", [name]);
  const usage = await init.get(path as string, JOB_INTERFACE, "usage");
  say(`Usage: ${usage}`);
  tell({ job: name, usage });
}

/** The commands under the last heading, which is "Other" as in Upstart. */
export const initCommands = (): CommandGroup => ({
  title: "Other",
  commands: [
    {
      name: "reload-configuration",
      summary: "Reload the configuration of the init daemon.",
      help:
        "Has init read all its configuration directories again, which it does by itself where it can watch them.",
      examples: ["initctl reload-configuration"],
      run: calling("ReloadConfiguration"),
    },
    {
      name: "restart-init",
      arguments: "[FILE]",
      summary: "Restart the init daemon in place.",
      help:
        "The executable of init, as its file is now, or the executable FILE takes init's place, and prints its version. " +
        "Jobs, their logs, sockets and clients, events and timers go on: nothing is started or stopped. The executable is " +
        "tried first; where it does not run here, or cannot go on with init's state, init stays as it is.",
      examples: ["initctl restart-init", "initctl restart-init /usr/local/bin/rouse.new"],
      async run(invocation) {
        const [, extra] = invocation.args;
        if (extra !== undefined) throw new UsageError(`unexpected argument: ${extra}`);
        await (await import("./restart_init.ts")).restartInit(invocation);
      },
    },
    {
      name: "version",
      summary: "Show the version of the init daemon.",
      examples: ["initctl version"],
      async run({ client, say, tell }) {
        const version = await (await client()).get(MANAGER_PATH, MANAGER_INTERFACE, "version") as string;
        say(version);
        tell({ version });
      },
    },
    {
      name: "log-priority",
      arguments: "[PRIORITY]",
      summary: "Show or set how much the init daemon logs.",
      help:
        "PRIORITY is debug, info (changes of jobs, and events), message (the default), warn, error or fatal; " +
        "messages of lower priority are not logged. Without it, the present one is printed.",
      examples: ["initctl log-priority debug"],
      run: logPriority,
    },
    ...configurationCommands(),
    {
      name: "usage",
      arguments: "JOB",
      summary: "Show how a job is to be started.",
      help: "Prints what the usage stanza of JOB says.",
      examples: ["initctl usage tty"],
      run: usage,
    },
    {
      name: "notify-cgroup-manager-address",
      arguments: "ADDRESS",
      summary: "Tell the init daemon of a cgroup manager, which it does not need.",
      help: "Accepted for scripts that call it: control groups are set up without a manager.",
      run: calling("NotifyCGroupManagerAddress", "address"),
    },
    {
      name: "notify-dbus-address",
      arguments: "ADDRESS",
      summary: "Tell the init daemon of a message bus.",
      help: "Accepted for scripts that call it: clients reach init on its own socket.",
      run: calling("NotifyDBusAddress", "D-Bus address"),
    },
    {
      name: "notify-disk-writeable",
      summary: "Tell the init daemon that disks can be written to.",
      help: "Has init write the output of jobs that it had to keep until then.",
      examples: ["initctl notify-disk-writeable"],
      run: calling("NotifyDiskWriteable"),
    },
    {
      name: "list-sessions",
      summary: "List the user's sessions.",
      help: "Prints process number and address of each init that the user runs in user mode.",
      examples: ["initctl list-sessions"],
      isListing: true,
      run: async (invocation) => (await import("./sessions.ts")).listSessions(invocation),
    },
  ],
});
