/** The command on events: emit. */

import { MANAGER_INTERFACE, MANAGER_PATH } from "../../control/names.ts";
import { type CommandGroup, noWait } from "./command.ts";
import { patiently } from "./patience.ts";
import { UsageError } from "../../model/command_line/usage_error.ts";

/** The commands under the heading "Event". */
export const eventCommands = (): CommandGroup => ({
  title: "Event",
  commands: [{
    name: "emit",
    arguments: "EVENT [KEY=VALUE]...",
    summary: "Emit an event.",
    help:
      "Emits EVENT with these variables, and waits until the services that it starts are up, the tasks that " +
      "it starts are done, and the jobs that it stops are down.",
    options: [noWait("event to be done with")],
    examples: ["initctl emit net-device-up IFACE=eth0"],
    async run(invocation) {
      const { args: [event, ...env], client, has } = invocation;
      if (event === undefined) throw new UsageError("missing event name");
      const values = [event, env, !has("no-wait")];
      const init = await client();
      init.silence();
      await patiently(
        invocation,
        { change: "Emit", event },
        () => init.call(MANAGER_PATH, MANAGER_INTERFACE, "EmitEvent", "sasb", values),
      );
    },
  }],
});
