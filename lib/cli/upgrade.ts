/** The program `upgrade`: another executable takes the running init's place. */

import type { Tool } from "../model/command_line/tool.ts";
import { UsageError } from "../model/command_line/usage_error.ts";
import { runTool } from "./tool.ts";

export const UPGRADE: Tool = {
  name: "upgrade",
  arguments: "FILE",
  summary: "Have the executable FILE take the place of the init that runs, and print its version.",
  help:
    "Nothing is started or stopped: jobs, logs, sockets and clients go on. FILE is tried first; where it does not " +
    "run here, or cannot go on with init's state, init stays as it is. `initctl restart-init' does the same.\n\n" +
    "Exit status: 0 when the new init answers, 1 when it could not be done, 2 for wrong arguments.",
  examples: ["rouse upgrade ./rouse", "rouse upgrade /opt/rouse-1.2/rouse"],
  options: [],
  async run({ args: [file, extra] }) {
    if (file === undefined || file === "") throw new UsageError("missing executable");
    if (extra !== undefined) throw new UsageError(`unexpected argument: ${extra}`);
    const { main } = await import("./initctl/initctl.ts");
    return await main(["restart-init", "--", file], "rouse upgrade");
  },
};

/** The program `upgrade`. Returns its exit status. */
export function main(args: string[]): Promise<number> {
  return runTool(UPGRADE, args);
}
